using System.Buffers.Binary;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Storage.Served;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore : IServedStore
{
    private const string AnswerColumns = "id, at_ms, is_session, subject, body";

    /// <summary>Runs the work in a transaction that any number of others may run beside, but none that removes answers.</summary>
    private protected abstract Task<T> AppendServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Runs the work in a transaction that none of <see cref="AppendServedAsync"/> runs beside.</summary>
    private protected abstract Task<T> ChangeServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Inserts answers that are not there yet.</summary>
    /// <returns>Those that were inserted.</returns>
    private protected abstract Task<IReadOnlyList<ServedAnswer>> InsertServedAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken);

    /// <summary>Whether <c>user_hash</c> is one of the parameter <c>hashes</c>, an array.</summary>
    private protected abstract string HashIsAmongSql { get; }

    /// <summary>Whoever calls it in a transaction waits for those of <see cref="AppendServedAsync"/>, and keeps further ones
    /// waiting.</summary>
    private protected virtual Task HoldServedAsync(DbConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    public abstract Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);

    public Task<int> StoreServedAsync(IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers,
        CancellationToken cancellationToken) =>
        AppendServedAsync(async connection =>
        {
            var erased = await ErasedAmongAsync(connection, answers, cancellationToken).ConfigureAwait(false);
            var kept = erased.Count == 0 ? answers : [.. answers.Where(answer => !(answer.Answer.Subject is { } subject
                && erased.TryGetValue(subject, out long upToMs) && answer.Answer.AtMs <= upToMs))];
            if (kept.Count == 0) return 0;
            var added = await InsertServedAsync(connection, kept, cancellationToken).ConfigureAwait(false);
            await CountAnswersAsync(connection, added, cancellationToken).ConfigureAwait(false);
            return added.Count;
        }, cancellationToken);

    public Task<ServedAnswer?> ReadServedAsync(RecommendationId id, CancellationToken cancellationToken) =>
        ReadAsync(connection => FindServedAsync(connection, id, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<ServedAnswer>> ReadServedAsync(UserRef subject, DateTimeOffset from, DateTimeOffset to, int limit,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<ServedAnswer>>(async connection => (await QueryAsync<ServedRow>(connection, $"""
            SELECT {AnswerColumns} FROM served_answers
            WHERE subject = @Id AND is_session = @session AND at_ms BETWEEN @fromMs AND @toMs ORDER BY at_ms DESC, id LIMIT @limit
            """, new
        {
            subject.Id,
            session = subject.IsSession ? 1 : 0,
            fromMs = from.ToUnixTimeMilliseconds(),
            toMs = to.ToUnixTimeMilliseconds(),
            limit,
        }, cancellationToken).ConfigureAwait(false)).ConvertAll(row => row.ToAnswer()), cancellationToken);

    public Task<ServedAnswerResponse?> DescribeServedAsync(RecommendationId id, CancellationToken cancellationToken) =>
        ReadAsync(async connection => await FindServedAsync(connection, id, cancellationToken).ConfigureAwait(false) is { } answer
            ? (await DescribeAsync(connection, [answer], cancellationToken).ConfigureAwait(false))[0] : null, cancellationToken);

    private async Task<List<ServedAnswerResponse>> ExportServedAsync(DbConnection connection, UserRef subject,
        CancellationToken cancellationToken) =>
        await DescribeAsync(connection, (await QueryAsync<ServedRow>(connection, $"""
            SELECT {AnswerColumns} FROM served_answers WHERE subject = @Id AND is_session = @session ORDER BY at_ms, id
            """, new { subject.Id, session = subject.IsSession ? 1 : 0 }, cancellationToken).ConfigureAwait(false))
            .ConvertAll(row => row.ToAnswer()), cancellationToken).ConfigureAwait(false);

    /// <summary>Answers with the ids and present titles of their items.</summary>
    private async Task<List<ServedAnswerResponse>> DescribeAsync(DbConnection connection, List<ServedAnswer> answers,
        CancellationToken cancellationToken)
    {
        var keys = answers.SelectMany(answer => answer.Items.ToArray().Select(item => item.ItemKey)).ToHashSet();
        var items = (await QueryAsync<ItemName>(connection,
            $"SELECT item_key, item_id, item FROM items WHERE item_key IN ({KeysSql})", new { keys = KeysJson(keys) }, cancellationToken)
            .ConfigureAwait(false)).ToDictionary(item => item.ItemKey);
        return answers.ConvertAll(answer => new ServedAnswerResponse
        {
            RecommendationId = answer.Id.ToString(),
            At = Time(answer.AtMs),
            Kind = answer.Kind.ToString().ToLowerInvariant(),
            Source = answer.Source,
            Placement = answer.Placement,
            UserId = answer.Subject is { IsSession: false } user ? user.Id : null,
            SessionId = answer.Subject is { IsSession: true } session ? session.Id : null,
            ModelVersion = answer.ModelVersion == 0 ? null : answer.ModelVersion,
            Share = answer.Share,
            // An item may be gone after the restore of an earlier state.
            Items = [.. answer.Items.ToArray().Where(item => items.ContainsKey(item.ItemKey)).Select(item => new ServedAnswerItem
            {
                ItemId = items[item.ItemKey].ItemId,
                Title = items[item.ItemKey].Title,
                Score = item.Score,
            })],
        });
    }

    /// <summary>Day in UTC since 1970.</summary>
    private protected static int DayOf(long atMs) => (int)Math.Floor(atMs / 86_400_000.0);

    private protected static byte[] BytesOf(RecommendationId id)
    {
        byte[] bytes = new byte[RecommendationId.Bytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, id.Value);
        return bytes;
    }

    /// <summary>Removes the answers to a user or session up to a time, and their outcomes.</summary>
    private protected static Task<int> EraseServedAsync(DbConnection connection, UserRef subject, long throughMs,
        CancellationToken cancellationToken)
    {
        const string OfSubject = "subject = @Id AND is_session = @session AND at_ms <= @throughMs";
        return connection.ExecuteAsync(Command($"""
            DELETE FROM outcomes WHERE answer_id IN (SELECT id FROM served_answers WHERE {OfSubject});
            DELETE FROM served_answers WHERE {OfSubject}
            """, new { subject.Id, session = subject.IsSession ? 1 : 0, throughMs }, cancellationToken));
    }

    /// <summary>
    /// Gives the answers to a session to the user that it was merged into. Those that are being stored stay with the session, and an
    /// erasure of the user finds them there.
    /// </summary>
    private protected static Task<int> MergeServedAsync(DbConnection connection, string sessionId, string userId, long throughMs,
        CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command("""
            UPDATE served_answers SET subject = @userId, is_session = 0
            WHERE subject = @sessionId AND is_session = 1 AND at_ms <= @throughMs
            """, new { sessionId, userId, throughMs }, cancellationToken));

    /// <summary>Those of the subjects who have been erased, and up to when.</summary>
    private async Task<Dictionary<UserRef, long>> ErasedAmongAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken)
    {
        const int Chunk = 500;
        var erased = new Dictionary<UserRef, long>();
        // Mostly nobody: then there is nothing to look up.
        if (!await connection.ExecuteScalarAsync<bool>(Command("SELECT EXISTS (SELECT 1 FROM tombstones)", null, cancellationToken))
            .ConfigureAwait(false)) return erased;
        foreach (var subjects in answers.Select(answer => answer.Answer.Subject).OfType<UserRef>().Distinct().Chunk(Chunk))
        {
            var byHash = subjects.ToDictionary(subject => Convert.ToHexStringLower(HashOf(subject)));
            var rows = await QueryAsync<TombstoneRow>(connection,
                $"SELECT user_hash, erased_at_ms FROM tombstones WHERE {HashIsAmongSql}",
                new { hashes = byHash.Keys.Select(Convert.FromHexString).ToArray() }, cancellationToken).ConfigureAwait(false);
            foreach (var row in rows) erased[byHash[Convert.ToHexStringLower(row.UserHash)]] = row.ErasedAtMs;
        }

        return erased;
    }

    private sealed class TombstoneRow
    {
        public byte[] UserHash { get; init; } = [];
        public long ErasedAtMs { get; init; }
    }

    private sealed class ItemName
    {
        public int ItemKey { get; init; }
        public string ItemId { get; init; } = "";
        public string? Item { get; init; }

        public string? Title => Item is null ? null : JsonSerializer.Deserialize(Item, ContractsJson.Default.Item)!.Title;
    }

    private sealed class ServedRow
    {
        public byte[] Id { get; init; } = [];
        public long AtMs { get; init; }
        public int? IsSession { get; init; }
        public string? Subject { get; init; }
        public byte[] Body { get; init; } = [];

        public ServedAnswer ToAnswer()
        {
            var answer = new ServedAnswer
            {
                Id = IdOf(Id),
                AtMs = AtMs,
                Subject = Subject is null ? null : IsSession == 1 ? UserRef.Session(Subject) : UserRef.User(Subject),
            };
            ServedAnswerFormat.ReadBody(Body, answer);
            return answer;
        }
    }
}
