using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;
using Recommender.Contracts;
using static Recommender.Storage.PostgresStore;

namespace Recommender.Storage;

/// <summary>
/// One batch of events and its transaction, in few round trips whatever its size: lock and look up, decide here,
/// add what is new, write. No other writer runs between, so what was looked up stays true.
/// </summary>
internal sealed partial class PostgresBatch(NpgsqlConnection connection, StatisticsSettings statistics, IReadOnlyList<Interaction> interactions, Guid[] ids, CancellationToken cancellationToken)
{
    private const int CopyFromEvents = 1_000;
    private readonly Dictionary<UserRef, Owner> owners = [];
    private readonly Dictionary<string, ItemState> items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, short> types = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, int> firstOf = [];
    private readonly Owner[] ownerOf = new Owner[interactions.Count];
    private readonly long[] times = new long[interactions.Count];
    private readonly List<int> added = [];
    private readonly List<int> repeated = [];
    private Dictionary<string, List<(long ThroughMs, string UserId)>>? merges;
    private long sequence, revision, retainedFromMs;

    /// <summary>
    /// Begins a transaction and, when it returns, has committed it. Without events of sessions that is two round trips, as long as nothing is new to
    /// the store but the events.
    /// </summary>
    public async Task<StoredBatch> StoreAsync(Func<NpgsqlConnection, IEnumerable<long>, CancellationToken, Task> ensurePartitions)
    {
        string[] sessions = [.. interactions.Where(e => e.UserId is null).Select(e => e.SessionId!).Distinct(StringComparer.Ordinal)];
        merges = sessions.Length > 0 ? await LockAndReadMergesAsync(sessions).ConfigureAwait(false) : null;
        for (int i = 0; i < interactions.Count; i++)
        {
            times[i] = interactions[i].OccurredAt!.Value.ToUnixTimeMilliseconds();
            var user = UserRef.Of(interactions[i]);
            if (user.IsSession && merges!.TryGetValue(user.Id, out var targets))
            {
                int target = targets.FindIndex(t => t.ThroughMs >= times[i]);
                if (target >= 0) user = UserRef.User(targets[target].UserId);
            }

            ref var owner = ref CollectionsMarshal.GetValueRefOrAddDefault(owners, user, out _);
            ownerOf[i] = owner ??= new Owner { User = user };
            items.TryAdd(interactions[i].ItemId!, new ItemState());
        }

        await LookUpAsync(isLocked: merges is not null).ConfigureAwait(false);
        int dropped = 0;
        for (int i = 0; i < interactions.Count; i++)
        {
            if (times[i] <= ownerOf[i].ErasedUpToMs || times[i] < retainedFromMs)
            {
                dropped++;
                continue;
            }

            ownerOf[i].Named = items[interactions[i].ItemId!].Named = true;
            if (firstOf.TryAdd(ids[i], i)) added.Add(i);
            else repeated.Add(i);
        }

        var conflicts = repeated.Count == 0 ? [] : await FindConflictsAsync().ConfigureAwait(false);
        int duplicates = repeated.Count - conflicts.Count;

        if (added.Count > 0)
        {
            await AddMissingAsync().ConfigureAwait(false);
            await SettlePairsAsync().ConfigureAwait(false);
            await ensurePartitions(connection, added.Select(i => times[i]), cancellationToken).ConfigureAwait(false);
        }

        await WriteAndCommitAsync(duplicates, conflicts.Count, dropped).ConfigureAwait(false);

        return new StoredBatch
        {
            Stored = added.Count,
            Duplicates = duplicates,
            Conflicts = conflicts,
            Dropped = dropped,
            UserKeys = [.. owners.Values.Where(owner => owner.Named && owner.Key != 0).Select(owner => owner.Key)],
            Items = [.. items.Where(item => item.Value.Named && item.Value.Key != 0)
                .Select(item => item.Value.Sums.Of(item.Value.Key, item.Key))],
            Additions = [.. owners.Values.Where(owner => owner.Added.Count > 0).Select(owner => new UserAddition(owner.Key, owner.User, owner.PriorRevision, owner.Added))],
            Sequence = sequence,
            Revision = revision,
        };
    }

    private async Task<Dictionary<string, List<(long ThroughMs, string UserId)>>> LockAndReadMergesAsync(string[] sessions)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddLock(batch);
        batch.BatchCommands.Add(Batched("SELECT session_id, through_ms, user_id FROM merges WHERE session_id = ANY($1) ORDER BY session_id, through_ms", [sessions]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await ReadStateAsync(row).ConfigureAwait(false);
        var merges = new Dictionary<string, List<(long, string)>>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            ref var targets = ref CollectionsMarshal.GetValueRefOrAddDefault(merges, row.GetString(0), out _);
            (targets ??= []).Add((row.GetInt64(1), row.GetString(2)));
        }

        return merges;
    }

    /// <summary>Statements behind this one see what the writer before has committed: each has a snapshot of its own.</summary>
    private static void AddLock(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(Batched("BEGIN"));
        batch.BatchCommands.Add(Batched("SELECT sequence, revision, retained_from_ms FROM state FOR UPDATE"));
    }

    private async Task ReadStateAsync(NpgsqlDataReader row)
    {
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        (sequence, revision, retainedFromMs) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task LookUpAsync(bool isLocked)
    {
        var hashes = owners.Keys.ToDictionary(SqlStore.HashOf, HashComparer.Instance);
        await using var batch = new NpgsqlBatch(connection);
        if (!isLocked) AddLock(batch);
        batch.BatchCommands.Add(Batched("SELECT type_id, name FROM event_types"));
        batch.BatchCommands.Add(Batched("SELECT u.user_key, u.is_session, u.user_id, u.revision FROM unnest($1, $2) AS n (is_session, user_id) JOIN users u ON u.user_id = n.user_id AND u.is_session = n.is_session",
            [owners.Keys.Select(user => user.IsSession ? 1 : 0).ToArray(), owners.Keys.Select(user => user.Id).ToArray()]));
        batch.BatchCommands.Add(
            Batched("SELECT item_id, item_key, users, popularity, trend FROM items WHERE item_id = ANY($1)", [items.Keys.ToArray()]));
        AddPairLookUp(batch);
        batch.BatchCommands.Add(Batched("SELECT id FROM event_ids WHERE id = ANY($1)", [ids]));
        batch.BatchCommands.Add(Batched("SELECT user_hash, erased_at_ms FROM tombstones WHERE user_hash = ANY($1)", [hashes.Keys.ToArray()]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!isLocked) await ReadStateAsync(row).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) types.Add(row.GetString(1), (short)row.GetInt32(0));
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var owner = owners[new UserRef(row.GetString(2), row.GetInt32(1) != 0)];
            (owner.Key, owner.PriorRevision) = (row.GetInt32(0), row.GetInt64(3));
        }

        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var item = items[row.GetString(0)];
            (item.Key, item.Sums) = (row.GetInt32(1), new ItemSums(row.GetInt64(2), row.GetDouble(3), row.GetDouble(4)));
        }

        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        await ReadPairsAsync(row).ConfigureAwait(false);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) firstOf.Add(row.GetGuid(0), Stored);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) owners[hashes[(byte[])row[0]]].ErasedUpToMs = row.GetInt64(1);
    }

    /// <summary>Users, items and event types that the new events name for the first time.</summary>
    private async Task AddMissingAsync()
    {
        var newUsers = new HashSet<Owner>();
        var newItems = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (int i in added)
        {
            var e = interactions[i];
            if (ownerOf[i].Key == 0) newUsers.Add(ownerOf[i]);
            if (items[e.ItemId!].Key == 0) newItems.TryAdd(e.ItemId!, times[i]);
            if (types.ContainsKey(e.Type!)) continue;
            types.Add(e.Type!, (short)types.Count);
            await using var type = new NpgsqlCommand("INSERT INTO event_types VALUES ($1, $2)", connection) { Parameters = { new() { Value = (int)types[e.Type!] }, new() { Value = e.Type! } } };
            await type.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        if (newUsers.Count + newItems.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Batched($"INSERT INTO users (is_session, user_id, revision, events, last_at_ms) SELECT s, i, 0, 0, {SqlStore.NoEvents} FROM unnest($1, $2) AS n (s, i) RETURNING user_key, is_session, user_id",
            [newUsers.Select(owner => owner.User.IsSession ? 1 : 0).ToArray(), newUsers.Select(owner => owner.User.Id).ToArray()]));
        batch.BatchCommands.Add(
            Batched("INSERT INTO items (item_id, deleted, popularity, trend, created_at_ms) SELECT i, 0, '-Infinity', '-Infinity', c FROM unnest($1, $2) AS n (i, c) RETURNING item_key, item_id",
            [newItems.Keys.ToArray(), newItems.Values.ToArray()]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) owners[new UserRef(row.GetString(2), row.GetInt32(1) != 0)].Key = row.GetInt32(0);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) items[row.GetString(1)].Key = row.GetInt32(0);
    }

    private async Task WriteAndCommitAsync(int duplicates, int conflicts, int dropped)
    {
        await using var batch = new NpgsqlBatch(connection);
        if (added.Count > 0) await AddWritesAsync(batch).ConfigureAwait(false);
        if (duplicates + conflicts + dropped > 0)
            batch.BatchCommands.Add(Batched("UPDATE state SET duplicate_events = duplicate_events + $1, conflicting_events = conflicting_events + $2, dropped_events = dropped_events + $3", [(long)duplicates, (long)conflicts, (long)dropped]));
        // An error before it leaves it out: what one round trip carries breaks off at the first.
        batch.BatchCommands.Add(Batched("COMMIT"));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task AddWritesAsync(NpgsqlBatch batch)
    {
        long first = sequence + 1;
        revision++;
        foreach (int i in added)
        {
            var e = interactions[i];
            ownerOf[i].Added.Add(new StoredEvent(items[e.ItemId!].Key, types[e.Type!], e.Value is { } value ? (float)value : float.NaN, times[i]));
            ownerOf[i].LastAtMs = Math.Max(ownerOf[i].LastAtMs, times[i]);
        }

        sequence += added.Count;
        var changedUsers = owners.Values.Where(owner => owner.Added.Count > 0).ToList();
        if (added.Count >= CopyFromEvents) await CopyAsync(first).ConfigureAwait(false);
        if (items.Values.Any(item => item.Sums.IsInexact)) await SumAgainAsync().ConfigureAwait(false);
        var changedItems = items.Values.Where(item => item.Changed).ToList();
        if (added.Count < CopyFromEvents) AddInserts(batch, first);
        AddAudience(batch);
        batch.BatchCommands.Add(Batched("UPDATE users u SET revision = $1, events = u.events + n.events, last_at_ms = greatest(u.last_at_ms, n.last) FROM unnest($2, $3, $4) AS n (key, events, last) WHERE u.user_key = n.key",
            [revision, changedUsers.Select(owner => owner.Key).ToArray(), changedUsers.Select(owner => owner.Added.Count).ToArray(), changedUsers.Select(owner => owner.LastAtMs).ToArray()]));
        batch.BatchCommands.Add(
            Batched("UPDATE items i SET users = n.users, popularity = n.popularity, trend = n.trend FROM unnest($1, $2, $3, $4) AS n (key, users, popularity, trend) WHERE i.item_key = n.key",
            [changedItems.Select(item => item.Key).ToArray(), changedItems.Select(item => item.Sums.Users).ToArray(),
            changedItems.Select(item => item.Sums.Popularity).ToArray(), changedItems.Select(item => item.Sums.Trend).ToArray()]));
        batch.BatchCommands.Add(Batched("UPDATE state SET sequence = $1, revision = $2, events = events + $3, last_stored_at_ms = $4",
            [sequence, revision, (long)added.Count, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()]));
    }

    private void AddInserts(NpgsqlBatch batch, long first)
    {
        batch.BatchCommands.Add(Batched("INSERT INTO event_ids SELECT unnest($1)", [Column(i => ids[i])]));
        batch.BatchCommands.Add(Batched("INSERT INTO events (sequence, event_id, user_key, item_key, type_id, value, occurred_at_ms, session_id, recommendation_id, context, occurred_at_stated) SELECT $1 + n - 1, e, u, i, t, v, o, s, r, c, a FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WITH ORDINALITY AS n (e, u, i, t, v, o, s, r, c, a, n)",
            [first, Column(i => EventKey.Of(interactions[i])), Column(i => ownerOf[i].Key), Column(i => items[interactions[i].ItemId!].Key), Column(i => (int)types[interactions[i].Type!]),
            Column(i => interactions[i].Value), Column(i => times[i]), Column(i => interactions[i].SessionId), Column(i => interactions[i].RecommendationId), Column(i => SqlStore.ContextOf(interactions[i])), Column(i => interactions[i].OccurredAtAssigned ? 0 : 1)]));
    }

    /// <summary>The same for many events: two more round trips, and a fraction of the work for the server.</summary>
    private async Task CopyAsync(long first)
    {
        await using (var writer = await connection.BeginBinaryImportAsync("COPY event_ids (id) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false))
        {
            // Rows go to a buffer; only a full one waits for the server.
            foreach (int i in added)
            {
                writer.StartRow();
                writer.Write(ids[i], NpgsqlDbType.Uuid);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        await using (var writer = await connection.BeginBinaryImportAsync(
            "COPY events (sequence, event_id, user_key, item_key, type_id, value, occurred_at_ms, session_id, recommendation_id, context, occurred_at_stated) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false))
        {
            foreach (int i in added)
            {
                var e = interactions[i];
                writer.StartRow();
                writer.Write(first++, NpgsqlDbType.Bigint);
                writer.Write(EventKey.Of(e), NpgsqlDbType.Text);
                writer.Write(ownerOf[i].Key, NpgsqlDbType.Integer);
                writer.Write(items[e.ItemId!].Key, NpgsqlDbType.Integer);
                writer.Write((int)types[e.Type!], NpgsqlDbType.Integer);
                if (e.Value is { } value) writer.Write(value, NpgsqlDbType.Double);
                else writer.WriteNull();
                writer.Write(times[i], NpgsqlDbType.Bigint);
                Text(writer, e.SessionId);
                Text(writer, e.RecommendationId);
                Text(writer, SqlStore.ContextOf(e));
                writer.Write(e.OccurredAtAssigned ? 0 : 1, NpgsqlDbType.Integer);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        await CopyNewPairsAsync().ConfigureAwait(false);

        static void Text(NpgsqlBinaryImporter writer, string? text)
        {
            if (text is null) writer.WriteNull();
            else writer.Write(text, NpgsqlDbType.Text);
        }
    }

    private T[] Column<T>(Func<int, T> value)
    {
        var column = new T[added.Count];
        for (int i = 0; i < column.Length; i++) column[i] = value(added[i]);
        return column;
    }

    private sealed class Owner
    {
        public required UserRef User;
        public int Key;
        public long ErasedUpToMs = long.MinValue;
        public bool Named;
        public readonly List<StoredEvent> Added = [];
        public long PriorRevision;
        public long LastAtMs = long.MinValue;
    }

    private sealed class ItemState
    {
        public int Key;
        public ItemSums Sums = ItemSums.Empty;
        public bool Named;
        public bool Changed;
    }
}
