using Npgsql;
using NpgsqlTypes;
using Recommender.Contracts;
using Recommender.Storage.Pairs;
using Recommender.Storage.Sql;
using static Recommender.Storage.Postgres.PostgresStore;

namespace Recommender.Storage.Postgres;

/// <summary>The part of the batch that updates the statistics of items: new and changed rows of their audiences.</summary>
internal sealed partial class PostgresBatch
{
    private readonly Dictionary<(int User, int Item), PairState> _before = [];
    private readonly Dictionary<(int User, int Item), (PairChange Change, ItemState Item)> _pairs = [];
    private bool _areNewPairsCopied, _isAudienceWritten;

    /// <summary>
    /// Looks up the states of the pairs of the events. It is part of the first round trip and uses ids, because keys are not known yet.
    /// </summary>
    private void AddPairLookUp(NpgsqlBatch batch)
    {
        var named = new HashSet<(UserRef User, string ItemId)>(interactions.Count);
        for (int i = 0; i < interactions.Count; i++) named.Add((_ownerOf[i].User, interactions[i].ItemId!));
        batch.BatchCommands.Add(Batched(
            """
            SELECT a.user_key, a.item_key, a.counts_at_ms, a.mixed
            FROM unnest($1, $2, $3) AS n (is_session, user_id, item_id)
            JOIN users u ON u.user_id = n.user_id AND u.is_session = n.is_session
            JOIN items i ON i.item_id = n.item_id
            JOIN audience a ON a.user_key = u.user_key AND a.item_key = i.item_key
            """,
            [named.Select(pair => pair.User.IsSession ? 1 : 0).ToArray(), named.Select(pair => pair.User.Id).ToArray(),
            named.Select(pair => pair.ItemId).ToArray()]));
    }

    private async Task ReadPairsAsync(NpgsqlDataReader row)
    {
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            _before[(row.GetInt32(0), row.GetInt32(1))] = new PairState(row.IsDBNull(2) ? null : row.GetInt64(2), row.GetInt32(3) != 0);
    }

    /// <summary>Computes the new states of the pairs, and updates the sums of the items.</summary>
    private async Task SettlePairsAsync()
    {
        foreach (int i in _added)
        {
            var e = interactions[i];
            var item = _items[e.ItemId!];
            var key = (_ownerOf[i].Key, item.Key);
            if (!_pairs.TryGetValue(key, out var pair))
                _pairs[key] = pair = (
                    new PairChange(key.Item1, key.Item2) { Before = _before.TryGetValue(key, out var state) ? state : null }, item);
            pair.Change.Add(new PairEvent(e.Type!, statistics.Weights[e.Type!], (float)(e.Value ?? double.NaN), _times[i]));
        }

        var earlier = await ReadEarlierEventsAsync().ConfigureAwait(false);
        var rules = new PairRules();
        foreach (var (key, (change, item)) in _pairs)
        {
            if (change.Added.Count == 0) continue;
            change.Settle(rules, earlier.GetValueOrDefault(key) ?? []);
            if (change.Before?.CountsAtMs == change.After?.CountsAtMs) continue;
            item.Changed = true;
            item.Sums.Move(statistics, change.Before?.CountsAtMs, change.After?.CountsAtMs);
        }
    }

    private async Task<Dictionary<(int User, int Item), List<PairEvent>>> ReadEarlierEventsAsync()
    {
        var mixed = _pairs.Values.Where(pair => pair.Change is { NeedsEarlierEvents: true, Added.Count: > 0 }).ToList();
        if (mixed.Count == 0) return [];
        var names = _types.ToDictionary(type => (int)type.Value, type => type.Key);
        await using var read = new NpgsqlBatch(connection);
        read.BatchCommands.Add(Batched(PairEventsSql,
            [mixed.Select(pair => pair.Change.UserKey).ToArray(), mixed.Select(pair => pair.Change.ItemKey).ToArray()]));
        await using var row = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var events = new Dictionary<(int User, int Item), List<PairEvent>>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) SqlStore.AddPairEvent(events, row, names, statistics);
        return events;
    }

    /// <summary>One statement for new and changed pairs, because a statement of a small batch costs more than its rows.</summary>
    private void AddAudience(NpgsqlBatch batch)
    {
        if (_isAudienceWritten) return;
        _isAudienceWritten = true;
        var changes = ChangedPairs().Where(change => change.Before is { } || !_areNewPairsCopied).ToList();
        if (changes.Count == 0) return;
        batch.BatchCommands.Add(Batched(
            """
            INSERT INTO audience (user_key, item_key, counts_at_ms, mixed) SELECT u, i, c, m FROM unnest($1, $2, $3, $4) AS n (u, i, c, m)
            ON CONFLICT (user_key, item_key) DO UPDATE SET counts_at_ms = excluded.counts_at_ms, mixed = excluded.mixed
            """,
            [changes.Select(change => change.UserKey).ToArray(), changes.Select(change => change.ItemKey).ToArray(),
            changes.Select(change => change.After!.Value.CountsAtMs).ToArray(),
            changes.Select(change => change.After!.Value.IsMixed ? 1 : 0).ToArray()]));
    }

    private IEnumerable<PairChange> ChangedPairs() =>
        _pairs.Values.Select(pair => pair.Change).Where(change => change.After is { } && change.After != change.Before);

    /// <summary>Writes many new pairs with COPY, like their events.</summary>
    private async Task CopyNewPairsAsync()
    {
        var added = ChangedPairs().Where(change => change.Before is null).ToList();
        if (added.Count < CopyFromEvents) return;
        _areNewPairsCopied = true;
        await using var writer = await connection.BeginBinaryImportAsync(
            "COPY audience (user_key, item_key, counts_at_ms, mixed) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
        foreach (var change in added)
        {
            writer.StartRow();
            writer.Write(change.UserKey, NpgsqlDbType.Integer);
            writer.Write(change.ItemKey, NpgsqlDbType.Integer);
            if (change.After!.Value.CountsAtMs is { } at) writer.Write(at, NpgsqlDbType.Bigint);
            else writer.WriteNull();
            writer.Write(change.After.Value.IsMixed ? 1 : 0, NpgsqlDbType.Integer);
        }

        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Recomputes the sums of items that lost precision, from their current audience.</summary>
    private async Task SumAgainAsync()
    {
        await using var batch = new NpgsqlBatch(connection);
        AddAudience(batch);
        var inexact = _items.Values.Where(item => item.Sums.IsInexact).ToDictionary(item => item.Key);
        batch.BatchCommands.Add(Batched(AudienceTimesSql, [inexact.Keys.ToArray()]));
        foreach (var item in inexact.Values) item.Sums = ItemSums.Empty;
        // The reader skips statements without rows and is at the result of the last one.
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            inexact[row.GetInt32(0)].Sums.Move(statistics, null, row.GetInt64(1));
    }
}
