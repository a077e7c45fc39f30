using System.Data.Common;
using Npgsql;
using Recommender.Storage.Events;
using Recommender.Storage.Pairs;
using Recommender.Storage.Sql;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>Events of the pairs of <c>$1</c> (users) and <c>$2</c> (items), for <see cref="SqlStore.AddPairEvent"/>.</summary>
    internal const string PairEventsSql = """
        SELECT e.user_key, e.item_key, e.type_id, e.value, e.occurred_at_ms
        FROM unnest($1, $2) AS n (u, i) JOIN events e ON e.user_key = n.u AND e.item_key = n.i ORDER BY e.occurred_at_ms, e.sequence
        """;

    /// <summary>Times at which users count for the items of <c>$1</c>.</summary>
    internal const string AudienceTimesSql =
        "SELECT item_key, counts_at_ms FROM audience WHERE item_key = ANY($1) AND counts_at_ms IS NOT NULL";

    private protected override async Task<Dictionary<(int User, int Item), PairState>> LoadPairsAsync(
        DbConnection connection, IReadOnlyList<(int User, int Item)> pairs, CancellationToken cancellationToken)
    {
        var states = new Dictionary<(int User, int Item), PairState>(pairs.Count);
        if (pairs.Count == 0) return states;
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(
            Batched("SELECT a.user_key, a.item_key, a.counts_at_ms, a.mixed FROM unnest($1, $2) AS n (u, i) JOIN audience a ON a.user_key "
                + "= n.u AND a.item_key = n.i", Keys(pairs)));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            states.Add((row.GetInt32(0), row.GetInt32(1)), ReadPair(row, 2));
        return states;
    }

    private protected override async Task<Dictionary<(int User, int Item), List<PairEvent>>> LoadPairEventsAsync(
        DbConnection connection, IReadOnlyList<(int User, int Item)> pairs, CancellationToken cancellationToken)
    {
        var events = new Dictionary<(int User, int Item), List<PairEvent>>(pairs.Count);
        if (pairs.Count == 0) return events;
        var names = await TypeNamesAsync(connection, cancellationToken).ConfigureAwait(false);
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(Batched(PairEventsSql, Keys(pairs)));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) AddPairEvent(events, row, names, Statistics);
        return events;
    }

    private protected override async Task SavePairsAsync(DbConnection connection,
        IReadOnlyList<(int User, int Item, PairState? State)> pairs, CancellationToken cancellationToken)
    {
        if (pairs.Count == 0) return;
        var removed = pairs.Where(pair => pair.State is null).ToList();
        var changed = pairs.Where(pair => pair.State is not null).ToList();
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(
            Batched("DELETE FROM audience a USING unnest($1, $2) AS n (u, i) WHERE a.user_key = n.u AND a.item_key = n.i",
            [removed.Select(pair => pair.User).ToArray(), removed.Select(pair => pair.Item).ToArray()]));
        batch.BatchCommands.Add(
            Batched("UPDATE audience a SET counts_at_ms = n.c, mixed = n.m FROM unnest($1, $2, $3, $4) AS n (u, i, c, m) WHERE a.user_key "
                + "= n.u AND a.item_key = n.i",
            [changed.Select(pair => pair.User).ToArray(), changed.Select(pair => pair.Item).ToArray(),
            changed.Select(pair => pair.State!.Value.CountsAtMs).ToArray(),
            changed.Select(pair => pair.State!.Value.IsMixed ? 1 : 0).ToArray()]));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private protected override async Task<List<ItemStatistics>> LoadStatisticsAsync(DbConnection connection, int[] itemKeys,
        CancellationToken cancellationToken) =>
        await StatisticsAsync(connection, "WHERE i.item_key = ANY(@itemKeys)", new { itemKeys }, cancellationToken).ConfigureAwait(false);

    private protected override async Task SaveStatisticsAsync(DbConnection connection, IReadOnlyList<ItemStatistics> items,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(
            Batched("UPDATE items i SET users = n.users, popularity = n.popularity, trend = n.trend FROM unnest($1, $2, $3, $4) AS n "
                + "(key, users, popularity, trend) WHERE i.item_key = n.key",
            [items.Select(item => item.ItemKey).ToArray(), items.Select(item => item.Users).ToArray(),
            items.Select(item => item.Popularity).ToArray(), items.Select(item => item.Trend).ToArray()]));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static object[] Keys(IReadOnlyList<(int User, int Item)> pairs) =>
        [pairs.Select(pair => pair.User).ToArray(), pairs.Select(pair => pair.Item).ToArray()];
}
