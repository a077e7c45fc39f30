using System.Data.Common;
using Dapper;
using Recommender.Storage.Events;
using Recommender.Storage.Pairs;

namespace Recommender.Storage.Sql;

/// <summary>Statistics of items when events are removed or change owners, and recounts of all statistics.</summary>
public abstract partial class SqlStore
{
    private const int RecountUsers = 1_000;
    private static readonly string[] s_audienceColumns = ["user_key", "item_key", "counts_at_ms", "mixed"];

    public Task<bool> AreStatisticsRecountedAsync(CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
            await connection.ExecuteScalarAsync<long>(Command("SELECT statistics_copied FROM state", null, cancellationToken))
            .ConfigureAwait(false) == 0, cancellationToken);

    public Task NoteStatisticsCopiedAsync(CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.ExecuteAsync(Command("UPDATE state SET statistics_copied = 1", null, cancellationToken)),
            cancellationToken);

    /// <summary>Recounts all statistics unless they were counted by these settings.</summary>
    private protected async Task EnsureStatisticsAsync(CancellationToken cancellationToken)
    {
        string rules = Statistics.Fingerprint();
        Task<string?> RulesAsync(DbConnection connection) =>
            connection.ExecuteScalarAsync<string?>(Command("SELECT statistics_rules FROM state", null, cancellationToken));
        if (await ReadAsync(RulesAsync, cancellationToken).ConfigureAwait(false) == rules) return;
        await WriteAsync(async connection =>
        {
            // Another process may have recounted them meanwhile.
            if (await RulesAsync(connection).ConfigureAwait(false) == rules) return true;
            await RecountAsync(connection, cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Recounts audience and statistics from the events.</summary>
    private async Task RecountAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(Command("DELETE FROM audience", null, cancellationToken)).ConfigureAwait(false);
        var names = await TypeNamesAsync(connection, cancellationToken).ConfigureAwait(false);
        var sums = new Dictionary<int, ItemSums>();
        var rules = new PairRules();
        for (int after = 0; await LastUserOfPageAsync(connection, after, cancellationToken).ConfigureAwait(false) is { } last; after = last)
        {
            var events = new Dictionary<(int User, int Item), List<PairEvent>>();
            await ReadRowsAsync(connection,
                "SELECT user_key, item_key, type_id, value, occurred_at_ms FROM events WHERE user_key > @after AND user_key <= @last "
                    + "ORDER BY user_key, item_key, occurred_at_ms, sequence",
                new { after, last }, row => AddPairEvent(events, row, names, Statistics), cancellationToken).ConfigureAwait(false);
            var audience = new Queue<object?[]>();
            foreach (var ((user, item), pair) in events)
            {
                if (rules.StateOf(pair) is not { } state) continue;
                audience.Enqueue([(long)user, (long)item, state.CountsAtMs, state.IsMixed ? 1L : 0L]);
                var itemSums = sums.GetValueOrDefault(item, ItemSums.Empty);
                itemSums.Move(Statistics, null, state.CountsAtMs);
                sums[item] = itemSums;
            }

            await RestoreTableAsync(connection, "audience", s_audienceColumns, () => audience.TryDequeue(out var row) ? row : null,
                cancellationToken).ConfigureAwait(false);
        }

        await connection.ExecuteAsync(
            Command("UPDATE items SET users = 0, popularity = @none, trend = @none", new { none = double.NegativeInfinity },
            cancellationToken)).ConfigureAwait(false);
        await SaveStatisticsAsync(connection, [.. sums.Select(item => item.Value.Of(item.Key, ""))], cancellationToken)
            .ConfigureAwait(false);
        // A new revision, so that the statistics replace their copies. A store without events has no copies and needs none.
        await connection.ExecuteAsync(
            Command("UPDATE state SET statistics_rules = @rules, statistics_copied = 0, revision = revision + CASE WHEN events > 0 THEN 1 "
                + "ELSE 0 END", new { rules = Statistics.Fingerprint() }, cancellationToken)).ConfigureAwait(false);
    }

    private static Task<int?> LastUserOfPageAsync(DbConnection connection, int after, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int?>(
            Command("SELECT max(user_key) FROM (SELECT user_key FROM users WHERE user_key > @after ORDER BY user_key LIMIT @limit) AS page",
                new { after, limit = RecountUsers }, cancellationToken));

    /// <summary>Updates pairs whose events from before a time were removed. Returns the changed statistics.</summary>
    private async Task<IReadOnlyList<ItemStatistics>> SettlePairsAsync(DbConnection connection, IReadOnlyList<(int User, int Item)> pairs,
        long beforeMs, CancellationToken cancellationToken)
    {
        var states = await LoadPairsAsync(connection, pairs, cancellationToken).ConfigureAwait(false);
        // If all events add, only the newest one matters, and it was not removed.
        var touched = states.Where(pair => pair.Value.IsMixed || pair.Value.CountsAtMs < beforeMs).Select(pair => pair.Key).ToList();
        var events = await LoadPairEventsAsync(connection, touched, cancellationToken).ConfigureAwait(false);
        var rules = new PairRules();
        var changed = new List<(int User, int Item, PairState? State)>();
        foreach (var pair in touched)
        {
            var after = events.TryGetValue(pair, out var left) ? rules.StateOf(left) : null;
            if (after != states[pair]) changed.Add((pair.User, pair.Item, after));
        }

        await SavePairsAsync(connection, changed, cancellationToken).ConfigureAwait(false);
        return await MoveAsync(connection,
            [.. changed.Select(pair => (pair.Item, states[(pair.User, pair.Item)].CountsAtMs, pair.State?.CountsAtMs))], cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Removes a user from all audiences. Returns the changed statistics.</summary>
    private async Task<IReadOnlyList<ItemStatistics>> RemoveFromAudienceAsync(DbConnection connection, int userKey,
        CancellationToken cancellationToken)
    {
        var places = await QueryAsync<PlaceRow>(connection,
            "SELECT item_key, counts_at_ms FROM audience WHERE user_key = @userKey AND counts_at_ms IS NOT NULL",
            new { userKey }, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(Command("DELETE FROM audience WHERE user_key = @userKey", new { userKey }, cancellationToken))
            .ConfigureAwait(false);
        return await MoveAsync(connection, [.. places.Select(place => (place.ItemKey, place.CountsAtMs, (long?)null))], cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Moves a session's rows of audiences to a user, who already owns the events. Returns the changed statistics.</summary>
    private async Task<IReadOnlyList<ItemStatistics>> MergeAudienceAsync(DbConnection connection, int sessionKey, int userKey,
        CancellationToken cancellationToken)
    {
        var keys = new { sessionKey, userKey };
        // If only the session had events on the item, its row is moved and the sums do not change.
        await connection.ExecuteAsync(
            Command("UPDATE audience SET user_key = @userKey WHERE user_key = @sessionKey AND item_key NOT IN (SELECT item_key FROM "
                + "audience WHERE user_key = @userKey)", keys, cancellationToken)).ConfigureAwait(false);
        var both = (await QueryAsync<BothRow>(connection, """
            SELECT s.item_key, s.counts_at_ms AS session_counts_at_ms, s.mixed AS session_mixed,
                u.counts_at_ms AS user_counts_at_ms, u.mixed AS user_mixed
            FROM audience s JOIN audience u ON u.item_key = s.item_key AND u.user_key = @userKey WHERE s.user_key = @sessionKey
            """, keys, cancellationToken).ConfigureAwait(false)).ConvertAll(row => (
                Item: row.ItemKey,
                Session: new PairState(row.SessionCountsAtMs, row.SessionMixed != 0),
                User: new PairState(row.UserCountsAtMs, row.UserMixed != 0)));
        await connection.ExecuteAsync(Command("DELETE FROM audience WHERE user_key = @sessionKey", keys, cancellationToken))
            .ConfigureAwait(false);
        var events = await LoadPairEventsAsync(connection,
            [.. both.Where(pair => pair.Session.IsMixed || pair.User.IsMixed).Select(pair => (userKey, pair.Item))], cancellationToken)
            .ConfigureAwait(false);
        var rules = new PairRules();
        var changed = new List<(int User, int Item, PairState? State)>();
        var moves = new List<(int Item, long? From, long? To)>();
        foreach (var (item, session, user) in both)
        {
            var after = events.TryGetValue((userKey, item), out var pair) ? rules.StateOf(pair)
                : user with { CountsAtMs = Math.Max(session.CountsAtMs!.Value, user.CountsAtMs!.Value) };
            changed.Add((userKey, item, after));
            moves.Add((item, user.CountsAtMs, after?.CountsAtMs));
            moves.Add((item, session.CountsAtMs, null));
        }

        await SavePairsAsync(connection, changed, cancellationToken).ConfigureAwait(false);
        return await MoveAsync(connection, moves, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Statistics of all items whose audience includes a user.</summary>
    private static async Task<IReadOnlyList<ItemStatistics>> StatisticsOfUserAsync(DbConnection connection, int userKey,
        CancellationToken cancellationToken) =>
        await StatisticsAsync(connection, "JOIN audience a ON a.item_key = i.item_key WHERE a.user_key = @userKey", new { userKey },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Moves users in the sums of items, after the audience was updated. Returns the current statistics of the items.</summary>
    private async Task<IReadOnlyList<ItemStatistics>> MoveAsync(DbConnection connection,
        IReadOnlyList<(int Item, long? From, long? To)> moves, CancellationToken cancellationToken)
    {
        var byItem = moves.Where(move => move.From != move.To).ToLookup(move => move.Item);
        if (byItem.Count == 0) return [];
        var items = await LoadStatisticsAsync(connection, [.. byItem.Select(item => item.Key)], cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var sums = new ItemSums(item.Users, item.Popularity, item.Trend);
            foreach (var (_, from, to) in byItem[item.ItemKey]) sums.Move(Statistics, from, to);
            if (sums.IsInexact)
            {
                sums = ItemSums.Empty;
                foreach (long at in await QueryAsync<long>(connection,
                    "SELECT counts_at_ms FROM audience WHERE item_key = @ItemKey AND counts_at_ms IS NOT NULL",
                    new { item.ItemKey }, cancellationToken).ConfigureAwait(false))
                    sums.Move(Statistics, null, at);
            }

            items[i] = sums.Of(item.ItemKey, item.ItemId);
        }

        await SaveStatisticsAsync(connection, items, cancellationToken).ConfigureAwait(false);
        return items;
    }

    private protected virtual async Task<Dictionary<(int User, int Item), PairState>> LoadPairsAsync(
        DbConnection connection, IReadOnlyList<(int User, int Item)> pairs, CancellationToken cancellationToken)
    {
        var states = new Dictionary<(int User, int Item), PairState>(pairs.Count);
        foreach (var pair in pairs)
        {
            foreach (var state in await ReadRowsAsync(connection,
                "SELECT counts_at_ms, mixed FROM audience WHERE user_key = @User AND item_key = @Item",
                new { pair.User, pair.Item }, r => ReadPair(r, 0), cancellationToken).ConfigureAwait(false))
                states.Add(pair, state);
        }

        return states;
    }

    /// <summary>All events of the pairs, by (occurredAt, sequence). Pairs without events are left out.</summary>
    private protected virtual async Task<Dictionary<(int User, int Item), List<PairEvent>>> LoadPairEventsAsync(
        DbConnection connection, IReadOnlyList<(int User, int Item)> pairs, CancellationToken cancellationToken)
    {
        var names = await TypeNamesAsync(connection, cancellationToken).ConfigureAwait(false);
        var events = new Dictionary<(int User, int Item), List<PairEvent>>(pairs.Count);
        foreach (var pair in pairs)
        {
            await ReadRowsAsync(connection,
                "SELECT user_key, item_key, type_id, value, occurred_at_ms FROM events WHERE user_key = @User AND item_key = @Item ORDER "
                    + "BY occurred_at_ms, sequence",
                new { pair.User, pair.Item }, row => AddPairEvent(events, row, names, Statistics), cancellationToken).ConfigureAwait(false);
        }

        return events;
    }

    /// <summary>Updates states of existing pairs; null removes the pair.</summary>
    private protected virtual async Task SavePairsAsync(DbConnection connection,
        IReadOnlyList<(int User, int Item, PairState? State)> pairs, CancellationToken cancellationToken)
    {
        foreach (var (user, item, state) in pairs)
        {
            await connection.ExecuteAsync(Command(state is null
                ? "DELETE FROM audience WHERE user_key = @user AND item_key = @item"
                : "UPDATE audience SET counts_at_ms = @CountsAtMs, mixed = @mixed WHERE user_key = @user AND item_key = @item",
                new { user, item, state?.CountsAtMs, mixed = state is { IsMixed: true } ? 1 : 0 }, cancellationToken))
                    .ConfigureAwait(false);
        }
    }

    private protected virtual async Task<List<ItemStatistics>> LoadStatisticsAsync(DbConnection connection, int[] itemKeys,
        CancellationToken cancellationToken)
    {
        var items = new List<ItemStatistics>(itemKeys.Length);
        foreach (int key in itemKeys)
            items.AddRange(await StatisticsAsync(connection, "WHERE i.item_key = @key", new { key }, cancellationToken)
                .ConfigureAwait(false));
        return items;
    }

    private protected virtual async Task SaveStatisticsAsync(DbConnection connection, IReadOnlyList<ItemStatistics> items,
        CancellationToken cancellationToken)
    {
        foreach (var item in items)
            await connection.ExecuteAsync(
                Command("UPDATE items SET users = @Users, popularity = @Popularity, trend = @Trend WHERE item_key = @ItemKey",
                new { item.Users, item.Popularity, item.Trend, item.ItemKey }, cancellationToken)).ConfigureAwait(false);
    }

    private protected static async Task<List<ItemStatistics>> StatisticsAsync(DbConnection connection, string where, object parameters,
        CancellationToken cancellationToken) =>
        (await QueryAsync<StatisticsRow>(connection,
            "SELECT i.item_key, i.item_id, i.users, i.popularity, i.trend FROM items i " + where, parameters, cancellationToken)
        .ConfigureAwait(false)).ConvertAll(row => new ItemStatistics(row.ItemKey, row.ItemId, row.Users, row.Popularity, row.Trend));

    private protected static PairState ReadPair(DbDataReader r, int column) =>
        new(r.IsDBNull(column) ? null : r.GetInt64(column), r.GetInt32(column + 1) != 0);

    private protected static async Task<Dictionary<int, string>> TypeNamesAsync(DbConnection connection,
        CancellationToken cancellationToken) =>
        (await QueryAsync<TypeRow>(connection, "SELECT type_id, name FROM event_types", null, cancellationToken).ConfigureAwait(false))
            .ToDictionary(type => type.TypeId, type => type.Name);

    /// <summary>Adds a row of <c>user_key, item_key, type_id, value, occurred_at_ms</c> to the events of its pair.</summary>
    internal static PairEvent AddPairEvent(
        Dictionary<(int User, int Item), List<PairEvent>> events, DbDataReader row, Dictionary<int, string> names,
            StatisticsSettings statistics)
    {
        var key = (row.GetInt32(0), row.GetInt32(1));
        if (!events.TryGetValue(key, out var pair)) events[key] = pair = [];
        string type = names[row.GetInt32(2)];
        var e = new PairEvent(type, statistics.Weights[type], row.IsDBNull(3) ? float.NaN : (float)row.GetDouble(3), row.GetInt64(4));
        pair.Add(e);
        return e;
    }

    /// <summary>Subtracts removed events from the counters and takes the next revision.</summary>
    private static Task<long> TakeFromStateAsync(DbConnection connection, long removed, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(
            Command("UPDATE state SET revision = revision + 1, events = events - @removed RETURNING revision", new { removed },
            cancellationToken));

    private sealed class PlaceRow
    {
        public int ItemKey { get; init; }
        public long? CountsAtMs { get; init; }
    }

    private sealed class BothRow
    {
        public int ItemKey { get; init; }
        public long? SessionCountsAtMs { get; init; }
        public int SessionMixed { get; init; }
        public long? UserCountsAtMs { get; init; }
        public int UserMixed { get; init; }
    }

    private sealed class StatisticsRow
    {
        public int ItemKey { get; init; }
        public string ItemId { get; init; } = "";
        public long Users { get; init; }
        public double Popularity { get; init; }
        public double Trend { get; init; }
    }

    private sealed class TypeRow
    {
        public int TypeId { get; init; }
        public string Name { get; init; } = "";
    }
}
