using Npgsql;
using NpgsqlTypes;
using static Recommender.Storage.PostgresStore;

namespace Recommender.Storage;

/// <summary>
/// The part of the batch that keeps the statistics of items: who is new to an item's audience, and whose place in it changes.
/// </summary>
internal sealed partial class PostgresBatch
{
    private readonly Dictionary<(int User, int Item), PairState> before = [];
    private readonly Dictionary<(int User, int Item), (PairChange Change, ItemState Item)> pairs = [];
    private bool areNewPairsWritten, areChangedPairsWritten;

    /// <summary>Pairs of new events whose user and item were known before, each once. Before the missing ones are added.</summary>
    private (int[] Users, int[] Items) KnownPairs()
    {
        var known = new HashSet<(int User, int Item)>();
        foreach (int i in added)
        {
            var (owner, item) = (ownerOf[i], items[interactions[i].ItemId!]);
            if (owner.Key != 0 && item.Key != 0) known.Add((owner.Key, item.Key));
        }

        return ([.. known.Select(pair => pair.User)], [.. known.Select(pair => pair.Item)]);
    }

    /// <summary>Finds what the new events make of their pairs, and moves the sums of the items.</summary>
    private async Task SettlePairsAsync()
    {
        foreach (int i in added)
        {
            var e = interactions[i];
            var item = items[e.ItemId!];
            var key = (ownerOf[i].Key, item.Key);
            if (!pairs.TryGetValue(key, out var pair))
                pairs[key] = pair = (
                    new PairChange(key.Item1, key.Item2) { Before = before.TryGetValue(key, out var state) ? state : null }, item);
            pair.Change.Add(new PairEvent(e.Type!, statistics.Weights[e.Type!], (float)(e.Value ?? double.NaN), times[i]));
        }

        var earlier = await ReadEarlierEventsAsync().ConfigureAwait(false);
        var rules = new PairRules();
        foreach (var (key, (change, item)) in pairs)
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
        var mixed = pairs.Values.Where(pair => pair.Change is { NeedsEarlierEvents: true, Added.Count: > 0 }).ToList();
        if (mixed.Count == 0) return [];
        var names = types.ToDictionary(type => (int)type.Value, type => type.Key);
        await using var read = new NpgsqlBatch(connection);
        read.BatchCommands.Add(Batched(PairEventsSql,
            [mixed.Select(pair => pair.Change.UserKey).ToArray(), mixed.Select(pair => pair.Change.ItemKey).ToArray()]));
        await using var row = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var events = new Dictionary<(int User, int Item), List<PairEvent>>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) SqlStore.AddPairEvent(events, row, names, statistics);
        return events;
    }

    private List<PairChange> NewPairs() =>
        [.. pairs.Values.Select(pair => pair.Change).Where(change => change is { Before: null, After: not null })];

    private void AddAudience(NpgsqlBatch batch)
    {
        if (!areNewPairsWritten)
            AddAudience(batch, "INSERT INTO audience (user_key, item_key, counts_at_ms, mixed) SELECT u, i, c, m FROM unnest($1, $2, $3, $4) AS n (u, i, c, m)", NewPairs());
        if (!areChangedPairsWritten)
            AddAudience(batch, "UPDATE audience a SET counts_at_ms = n.c, mixed = n.m FROM unnest($1, $2, $3, $4) AS n (u, i, c, m) WHERE a.user_key = n.u AND a.item_key = n.i",
                [.. pairs.Values.Select(pair => pair.Change)
                    .Where(change => change.Before is { } && change.After is { } && change.After != change.Before)]);
        areNewPairsWritten = areChangedPairsWritten = true;
    }

    /// <summary>Writes many new pairs, as their events are written.</summary>
    private async Task CopyNewPairsAsync()
    {
        var added = NewPairs();
        if (added.Count < CopyFromEvents) return;
        areNewPairsWritten = true;
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

    private static void AddAudience(NpgsqlBatch batch, string sql, List<PairChange> changes)
    {
        if (changes.Count == 0) return;
        batch.BatchCommands.Add(Batched(sql,
            [changes.Select(change => change.UserKey).ToArray(), changes.Select(change => change.ItemKey).ToArray(),
            changes.Select(change => change.After!.Value.CountsAtMs).ToArray(),
            changes.Select(change => change.After!.Value.IsMixed ? 1 : 0).ToArray()]));
    }

    /// <summary>Sums the items anew whose sums lost digits, from their audience as it is now.</summary>
    private async Task SumAgainAsync()
    {
        await using var batch = new NpgsqlBatch(connection);
        AddAudience(batch);
        var inexact = items.Values.Where(item => item.Sums.IsInexact).ToDictionary(item => item.Key);
        batch.BatchCommands.Add(Batched(AudienceTimesSql, [inexact.Keys.ToArray()]));
        foreach (var item in inexact.Values) item.Sums = ItemSums.Empty;
        // Statements without rows are passed over: the reader stands at the result of the last one.
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            inexact[row.GetInt32(0)].Sums.Move(statistics, null, row.GetInt64(1));
    }
}
