using System.Buffers.Binary;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Storage.Insights;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore : IInsightsStore
{
    private const string AttributionSetting = "attribution";

    private const string FigureColumns =
        "recorded, answers, items, clicked_answers, clicks, converted_answers, conversions, value, value_squares";

    private static readonly string s_addFigures = $"""
        INSERT INTO figures (hour, placement, kind, source, model_version, {FigureColumns})
        VALUES (@Hour, @Placement, @KindNumber, @Source, @ModelVersion, @Recorded, @Answers, @Items, @ClickedAnswers, @Clicks,
            @ConvertedAnswers, @Conversions, @Value, @ValueSquares)
        ON CONFLICT (hour, placement, kind, source, model_version) DO UPDATE SET
        {string.Join(", ", FigureColumns.Split(", ").Select(column => $"{column} = figures.{column} + excluded.{column}"))}
        """;

    /// <summary>Adds to how often items were shown, in the order of their keys.</summary>
    private protected abstract Task AddShowingsAsync(DbConnection connection,
        IReadOnlyList<(int Day, string Placement, int ItemKey, double Shown)> showings, CancellationToken cancellationToken);

    public Task<long?> GetAttributedSequenceAsync(CancellationToken cancellationToken) =>
        ReadAsync(connection => AttributedAsync(connection, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<AttributionEvent>> ReadAttributionEventsAsync(long afterSequence, long upToSequence, int limit,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<AttributionEvent>>(async connection => await ReadRowsAsync(connection, """
            SELECT e.sequence, u.is_session, u.user_id, e.session_id, e.item_key, e.type_id, e.value, e.occurred_at_ms, e.recommendation_id
            FROM events e JOIN users u ON u.user_key = e.user_key
            WHERE e.sequence > @afterSequence AND e.sequence <= @upToSequence ORDER BY e.sequence LIMIT @limit
            """, new { afterSequence, upToSequence, limit }, r => new AttributionEvent(r.GetInt64(0),
                new UserRef(r.GetString(2), Convert.ToInt32(r.GetValue(1), CultureInfo.InvariantCulture) == 1),
                r.IsDBNull(3) ? null : r.GetString(3), r.GetInt32(4), (short)r.GetInt32(5), r.IsDBNull(6) ? double.NaN : r.GetDouble(6),
                r.GetInt64(7), r.IsDBNull(8) ? null : r.GetString(8)), cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<bool> AddOutcomesAsync(IReadOnlyList<Outcome> outcomes, long? afterSequence, long throughSequence,
        DateTimeOffset openUntil, CancellationToken cancellationToken) =>
        ChangeServedAsync(async connection =>
        {
            if (await AttributedAsync(connection, cancellationToken).ConfigureAwait(false) != afterSequence) return false;
            foreach (var outcome in outcomes)
            {
                if (await FindServedAsync(connection, outcome.AnswerId, cancellationToken).ConfigureAwait(false) is { } answer)
                    await CountOutcomeAsync(connection, answer, outcome, cancellationToken).ConfigureAwait(false);
                else
                    await connection.ExecuteAsync(Command("""
                        INSERT INTO open_outcomes (sequence, answer_id, item_key, is_conversion, value, at_ms, until_ms)
                        VALUES (@Sequence, @id, @ItemKey, @conversion, @Value, @AtMs, @untilMs) ON CONFLICT DO NOTHING
                        """, new
                    {
                        outcome.Sequence,
                        id = BytesOf(outcome.AnswerId),
                        outcome.ItemKey,
                        conversion = outcome.IsConversion ? 1 : 0,
                        outcome.Value,
                        outcome.AtMs,
                        untilMs = openUntil.ToUnixTimeMilliseconds(),
                    }, cancellationToken)).ConfigureAwait(false);
            }

            await connection.ExecuteAsync(Command(
                "INSERT INTO settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                new { name = AttributionSetting, value = throughSequence.ToString(CultureInfo.InvariantCulture) }, cancellationToken))
                .ConfigureAwait(false);
            return true;
        }, cancellationToken);

    public Task<int> RemoveOpenOutcomesAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        AppendServedAsync(connection => connection.ExecuteAsync(Command("DELETE FROM open_outcomes WHERE until_ms < @nowMs",
            new { nowMs = now.ToUnixTimeMilliseconds() }, cancellationToken)), cancellationToken);

    public Task<IReadOnlyList<Figures>> ReadFiguresAsync(DateTimeOffset from, DateTimeOffset to, string? placement,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Figures>>(async connection => (await QueryAsync<FigureRow>(connection, $"""
            SELECT hour, placement, kind, source, model_version, {FigureColumns} FROM figures
            WHERE hour >= @first AND hour <= @last AND (@placement IS NULL OR placement = @placement)
            ORDER BY hour, placement, kind, source, model_version
            """, new { first = HourOf(from), last = HourOf(to), placement }, cancellationToken).ConfigureAwait(false))
            .ConvertAll(row => row.ToFigures()), cancellationToken);

    public Task<IReadOnlyList<double>> ReadShowingsAsync(DateTimeOffset from, DateTimeOffset to, string? placement,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<double>>(async connection => await QueryAsync<double>(connection, """
            SELECT sum(shown) AS shown FROM shown_items
            WHERE day >= @first AND day <= @last AND (@placement IS NULL OR placement = @placement)
            GROUP BY item_key ORDER BY shown DESC
            """, new
        {
            first = DayOf(from.ToUnixTimeMilliseconds()),
            last = DayOf(to.ToUnixTimeMilliseconds()),
            placement,
        }, cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Counts new answers, and the outcomes that waited for them.</summary>
    private async Task CountAnswersAsync(DbConnection connection, IReadOnlyList<ServedAnswer> added, CancellationToken cancellationToken)
    {
        var figures = new Dictionary<(int, string, AnswerKind, string, long), Figures>();
        var showings = new SortedDictionary<(int Day, string Placement, int ItemKey), double>();
        foreach (var answer in added)
        {
            var one = Figures.Of(answer) with { Recorded = 1, Answers = 1 / answer.Share, Items = answer.Count / answer.Share };
            var key = (one.Hour, one.Placement, one.Kind, one.Source, one.ModelVersion);
            figures[key] = figures.TryGetValue(key, out var sum) ? sum.Plus(one) : one;
            // What was prepared for many users was not shown yet.
            if (answer.Kind is AnswerKind.Batch) continue;
            foreach (var item in answer.Items)
            {
                var showing = (DayOf(answer.AtMs), one.Placement, item.ItemKey);
                showings[showing] = showings.GetValueOrDefault(showing) + (1 / answer.Share);
            }
        }

        foreach (var (_, sums) in figures.OrderBy(pair => pair.Key))
            await AddFiguresAsync(connection, sums, cancellationToken).ConfigureAwait(false);
        if (showings.Count > 0) await AddShowingsAsync(connection,
            [.. showings.Select(showing => (showing.Key.Day, showing.Key.Placement, showing.Key.ItemKey, showing.Value))],
            cancellationToken).ConfigureAwait(false);
        await CountOpenOutcomesAsync(connection, added, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CountOpenOutcomesAsync(DbConnection connection, IReadOnlyList<ServedAnswer> added,
        CancellationToken cancellationToken)
    {
        // Mostly none.
        if (!await connection.ExecuteScalarAsync<bool>(Command("SELECT EXISTS (SELECT 1 FROM open_outcomes)", null, cancellationToken))
            .ConfigureAwait(false)) return;
        foreach (var answer in added)
        {
            var waiting = await QueryAsync<OpenRow>(connection, """
                DELETE FROM open_outcomes WHERE answer_id = @id RETURNING sequence, item_key, is_conversion, value, at_ms
                """, new { id = BytesOf(answer.Id) }, cancellationToken).ConfigureAwait(false);
            foreach (var row in waiting.OrderBy(row => row.Sequence))
                await CountOutcomeAsync(connection, answer, row.Of(answer.Id), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Counts an outcome once, if the answer has its item.</summary>
    private static async Task CountOutcomeAsync(DbConnection connection, ServedAnswer answer, Outcome outcome,
        CancellationToken cancellationToken)
    {
        bool isShown = false;
        foreach (var item in answer.Items) isShown |= item.ItemKey == outcome.ItemKey;
        if (!isShown) return;
        var before = (await QueryAsync<OutcomeSums>(connection, """
            SELECT coalesce(sum(1 - is_conversion), 0) AS clicks, coalesce(sum(is_conversion), 0) AS conversions,
                coalesce(sum(value), 0.0) AS value FROM outcomes WHERE answer_id = @id
            """, new { id = BytesOf(answer.Id) }, cancellationToken).ConfigureAwait(false))[0];
        int added = await connection.ExecuteAsync(Command("""
            INSERT INTO outcomes (sequence, answer_id, day, item_key, is_conversion, value, at_ms)
            VALUES (@Sequence, @id, @day, @ItemKey, @conversion, @Value, @AtMs) ON CONFLICT DO NOTHING
            """, new
        {
            outcome.Sequence,
            id = BytesOf(answer.Id),
            day = DayOf(answer.AtMs),
            outcome.ItemKey,
            conversion = outcome.IsConversion ? 1 : 0,
            outcome.Value,
            outcome.AtMs,
        }, cancellationToken)).ConfigureAwait(false);
        if (added == 0) return;
        double weight = 1 / answer.Share, value = outcome.IsConversion ? outcome.Value : 0, total = before.Value + value;
        await AddFiguresAsync(connection, Figures.Of(answer) with
        {
            Clicks = outcome.IsConversion ? 0 : weight,
            ClickedAnswers = !outcome.IsConversion && before.Clicks == 0 ? weight : 0,
            Conversions = outcome.IsConversion ? weight : 0,
            ConvertedAnswers = outcome.IsConversion && before.Conversions == 0 ? weight : 0,
            Value = weight * value,
            ValueSquares = weight * ((total * total) - (before.Value * before.Value)),
        }, cancellationToken).ConfigureAwait(false);
    }

    private protected Task RemoveOutcomesBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        AppendServedAsync(connection => connection.ExecuteAsync(Command("DELETE FROM outcomes WHERE day < @first",
            new { first = DayOf(before.ToUnixTimeMilliseconds()) }, cancellationToken)), cancellationToken);

    private static Task<int> AddFiguresAsync(DbConnection connection, Figures sums, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command(s_addFigures, new
        {
            sums.Hour,
            sums.Placement,
            KindNumber = (int)sums.Kind,
            sums.Source,
            sums.ModelVersion,
            sums.Recorded,
            sums.Answers,
            sums.Items,
            sums.ClickedAnswers,
            sums.Clicks,
            sums.ConvertedAnswers,
            sums.Conversions,
            sums.Value,
            sums.ValueSquares,
        }, cancellationToken));

    private static async Task<long?> AttributedAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<string?>(Command("SELECT value FROM settings WHERE name = @name",
            new { name = AttributionSetting }, cancellationToken)).ConfigureAwait(false) is { } json
            ? JsonElement.Parse(json).GetInt64() : null;

    private static async Task<ServedAnswer?> FindServedAsync(DbConnection connection, RecommendationId id,
        CancellationToken cancellationToken) =>
        await QueryAsync<ServedRow>(connection, $"SELECT {AnswerColumns} FROM served_answers WHERE id = @id", new { id = BytesOf(id) },
            cancellationToken).ConfigureAwait(false) is [var row, ..] ? row.ToAnswer() : null;

    private protected static RecommendationId IdOf(byte[] bytes) => new(BinaryPrimitives.ReadUInt128LittleEndian(bytes));

    private static int HourOf(DateTimeOffset at) => (int)Math.Floor(at.ToUnixTimeMilliseconds() / 3_600_000.0);

    private sealed class OutcomeSums
    {
        public long Clicks { get; init; }
        public long Conversions { get; init; }
        public double Value { get; init; }
    }

    private sealed class OpenRow
    {
        public long Sequence { get; init; }
        public int ItemKey { get; init; }
        public int IsConversion { get; init; }
        public double Value { get; init; }
        public long AtMs { get; init; }

        public Outcome Of(RecommendationId answerId) => new(Sequence, answerId, ItemKey, IsConversion == 1, Value, AtMs);
    }

    private sealed class FigureRow
    {
        public int Hour { get; init; }
        public string Placement { get; init; } = "";
        public int Kind { get; init; }
        public string Source { get; init; } = "";
        public long ModelVersion { get; init; }
        public long Recorded { get; init; }
        public double Answers { get; init; }
        public double Items { get; init; }
        public double ClickedAnswers { get; init; }
        public double Clicks { get; init; }
        public double ConvertedAnswers { get; init; }
        public double Conversions { get; init; }
        public double Value { get; init; }
        public double ValueSquares { get; init; }

        public Figures ToFigures() => new()
        {
            Hour = Hour,
            Placement = Placement,
            Kind = (AnswerKind)Kind,
            Source = Source,
            ModelVersion = ModelVersion,
            Recorded = Recorded,
            Answers = Answers,
            Items = Items,
            ClickedAnswers = ClickedAnswers,
            Clicks = Clicks,
            ConvertedAnswers = ConvertedAnswers,
            Conversions = Conversions,
            Value = Value,
            ValueSquares = ValueSquares,
        };
    }
}
