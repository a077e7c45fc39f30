using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;
using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Pairs;
using Recommender.Storage.Sql;
using Recommender.Storage.Users;
using static Recommender.Storage.Postgres.PostgresStore;

namespace Recommender.Storage.Postgres;

/// <summary>
/// One batch of events in one transaction, with few round trips for any size: lock and look up, decide, add new users and items, write. The
/// lock excludes other writers, so the results of the look-up stay valid.
/// </summary>
internal sealed partial class PostgresBatch(NpgsqlConnection connection, StatisticsSettings statistics,
    IReadOnlyList<Interaction> interactions, Guid[] ids, CancellationToken cancellationToken)
{
    private const int CopyFromEvents = 1_000;
    private readonly Dictionary<UserRef, Owner> _owners = [];
    private readonly Dictionary<string, ItemState> _items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, short> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, int> _firstOf = [];
    private readonly Owner[] _ownerOf = new Owner[interactions.Count];
    private readonly long[] _times = new long[interactions.Count];
    private readonly List<int> _added = [];
    private readonly List<int> _repeated = [];
    private readonly List<SequencedEvent> _events = [];
    private Dictionary<string, List<(long ThroughMs, string UserId)>>? _merges;
    private long _sequence, _revision, _retainedFromMs;

    /// <summary>
    /// Stores the batch in a transaction, which is committed on return. Without events of sessions, and without new users, items and types,
    /// this takes two round trips.
    /// </summary>
    public async Task<StoredBatch> StoreAsync(Func<NpgsqlConnection, IEnumerable<long>, CancellationToken, Task> ensurePartitions)
    {
        string[] sessions = [.. interactions.Where(e => e.UserId is null).Select(e => e.SessionId!).Distinct(StringComparer.Ordinal)];
        _merges = sessions.Length > 0 ? await LockAndReadMergesAsync(sessions).ConfigureAwait(false) : null;
        for (int i = 0; i < interactions.Count; i++)
        {
            _times[i] = interactions[i].OccurredAt!.Value.ToUnixTimeMilliseconds();
            var user = UserRef.Of(interactions[i]);
            if (user.IsSession && _merges!.TryGetValue(user.Id, out var targets))
            {
                int target = targets.FindIndex(t => t.ThroughMs >= _times[i]);
                if (target >= 0) user = UserRef.User(targets[target].UserId);
            }

            ref var owner = ref CollectionsMarshal.GetValueRefOrAddDefault(_owners, user, out _);
            _ownerOf[i] = owner ??= new Owner { User = user };
            _items.TryAdd(interactions[i].ItemId!, new ItemState());
        }

        await LookUpAsync(isLocked: _merges is not null).ConfigureAwait(false);
        int dropped = 0;
        for (int i = 0; i < interactions.Count; i++)
        {
            if (_times[i] <= _ownerOf[i].ErasedUpToMs || _times[i] < _retainedFromMs)
            {
                dropped++;
                continue;
            }

            _ownerOf[i].Named = _items[interactions[i].ItemId!].Named = true;
            if (_firstOf.TryAdd(ids[i], i)) _added.Add(i);
            else _repeated.Add(i);
        }

        var conflicts = _repeated.Count == 0 ? [] : await FindConflictsAsync().ConfigureAwait(false);
        int duplicates = _repeated.Count - conflicts.Count;

        if (_added.Count > 0)
        {
            await AddMissingAsync().ConfigureAwait(false);
            await SettlePairsAsync().ConfigureAwait(false);
            await ensurePartitions(connection, _added.Select(i => _times[i]), cancellationToken).ConfigureAwait(false);
        }

        await WriteAndCommitAsync(duplicates, conflicts.Count, dropped).ConfigureAwait(false);

        return new StoredBatch
        {
            Stored = _added.Count,
            Duplicates = duplicates,
            Conflicts = conflicts,
            Dropped = dropped,
            UserKeys = [.. _owners.Values.Where(owner => owner.Named && owner.Key != 0).Select(owner => owner.Key)],
            Items = [.. _items.Where(item => item.Value.Named && item.Value.Key != 0)
                .Select(item => item.Value.Sums.Of(item.Value.Key, item.Key))],
            Additions = [.. _owners.Values.Where(owner => owner.Added.Count > 0)
            .Select(owner => new UserAddition(owner.Key, owner.User, owner.PriorRevision, owner.Added))],
            Events = _events,
            Sequence = _sequence,
            Revision = _revision,
        };
    }

    private async Task<Dictionary<string, List<(long ThroughMs, string UserId)>>> LockAndReadMergesAsync(string[] sessions)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddLock(batch);
        batch.BatchCommands.Add(Batched(
            "SELECT session_id, through_ms, user_id FROM merges WHERE session_id = ANY($1) ORDER BY session_id, through_ms", [sessions]));
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

    /// <summary>Locks out other writers. Each later statement has its own snapshot and sees the changes of earlier writers.</summary>
    private static void AddLock(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(Batched("BEGIN"));
        batch.BatchCommands.Add(Batched("SELECT sequence, revision, retained_from_ms FROM state FOR UPDATE"));
    }

    private async Task ReadStateAsync(NpgsqlDataReader row)
    {
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        (_sequence, _revision, _retainedFromMs) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task LookUpAsync(bool isLocked)
    {
        var hashes = _owners.Keys.ToDictionary(SqlStore.HashOf, HashComparer.Instance);
        await using var batch = new NpgsqlBatch(connection);
        if (!isLocked) AddLock(batch);
        batch.BatchCommands.Add(Batched("SELECT type_id, name FROM event_types"));
        batch.BatchCommands.Add(Batched(
            "SELECT u.user_key, u.is_session, u.user_id, u.revision FROM unnest($1, $2) AS n (is_session, user_id) JOIN users u ON "
                + "u.user_id = n.user_id AND u.is_session = n.is_session",
            [_owners.Keys.Select(user => user.IsSession ? 1 : 0).ToArray(), _owners.Keys.Select(user => user.Id).ToArray()]));
        batch.BatchCommands.Add(
            Batched("SELECT item_id, item_key, users, popularity, trend FROM items WHERE item_id = ANY($1)", [_items.Keys.ToArray()]));
        AddPairLookUp(batch);
        batch.BatchCommands.Add(Batched("SELECT id FROM event_ids WHERE id = ANY($1)", [ids]));
        batch.BatchCommands.Add(Batched("SELECT user_hash, erased_at_ms FROM tombstones WHERE user_hash = ANY($1)",
            [hashes.Keys.ToArray()]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!isLocked) await ReadStateAsync(row).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) _types.Add(row.GetString(1), (short)row.GetInt32(0));
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var owner = _owners[new UserRef(row.GetString(2), row.GetInt32(1) != 0)];
            (owner.Key, owner.PriorRevision) = (row.GetInt32(0), row.GetInt64(3));
        }

        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var item = _items[row.GetString(0)];
            (item.Key, item.Sums) = (row.GetInt32(1), new ItemSums(row.GetInt64(2), row.GetDouble(3), row.GetDouble(4)));
        }

        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        await ReadPairsAsync(row).ConfigureAwait(false);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) _firstOf.Add(row.GetGuid(0), Stored);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) _owners[hashes[(byte[])row[0]]].ErasedUpToMs = row.GetInt64(1);
    }

    /// <summary>Adds the new users, items and event types of the batch.</summary>
    private async Task AddMissingAsync()
    {
        var newUsers = new HashSet<Owner>();
        var newItems = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (int i in _added)
        {
            var e = interactions[i];
            if (_ownerOf[i].Key == 0) newUsers.Add(_ownerOf[i]);
            if (_items[e.ItemId!].Key == 0) newItems.TryAdd(e.ItemId!, _times[i]);
            if (_types.ContainsKey(e.Type!)) continue;
            _types.Add(e.Type!, (short)_types.Count);
            await using var type = new NpgsqlCommand("INSERT INTO event_types VALUES ($1, $2)",
                connection)
            { Parameters = { new() { Value = (int)_types[e.Type!] }, new() { Value = e.Type! } } };
            await type.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        if (newUsers.Count + newItems.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(
            Batched($"INSERT INTO users (is_session, user_id, revision, events, last_at_ms) SELECT s, i, 0, 0, {SqlStore.NoEvents} FROM "
                + $"unnest($1, $2) AS n (s, i) RETURNING user_key, is_session, user_id",
            [newUsers.Select(owner => owner.User.IsSession ? 1 : 0).ToArray(), newUsers.Select(owner => owner.User.Id).ToArray()]));
        batch.BatchCommands.Add(
            Batched("INSERT INTO items (item_id, deleted, popularity, trend, created_at_ms) SELECT i, 0, '-Infinity', '-Infinity', c FROM "
                + "unnest($1, $2) AS n (i, c) RETURNING item_key, item_id",
            [newItems.Keys.ToArray(), newItems.Values.ToArray()]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            _owners[new UserRef(row.GetString(2), row.GetInt32(1) != 0)].Key = row.GetInt32(0);
        await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) _items[row.GetString(1)].Key = row.GetInt32(0);
    }

    private async Task WriteAndCommitAsync(int duplicates, int conflicts, int dropped)
    {
        await using var batch = new NpgsqlBatch(connection);
        if (_added.Count > 0) await AddWritesAsync(batch).ConfigureAwait(false);
        if (duplicates + conflicts + dropped > 0)
            batch.BatchCommands.Add(Batched(
                "UPDATE state SET duplicate_events = duplicate_events + $1, conflicting_events = conflicting_events + $2, dropped_events "
                    + "= dropped_events + $3", [(long)duplicates, (long)conflicts, (long)dropped]));
        // After an earlier error COMMIT is not executed, because a batch ends at its first error.
        batch.BatchCommands.Add(Batched("COMMIT"));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task AddWritesAsync(NpgsqlBatch batch)
    {
        long first = _sequence + 1;
        _revision++;
        foreach (int i in _added)
        {
            var e = interactions[i];
            float number = e.Value is { } value ? (float)value : float.NaN;
            var stored = new StoredEvent(_items[e.ItemId!].Key, _types[e.Type!], number, _times[i]);
            _ownerOf[i].Added.Add(stored);
            _events.Add(new SequencedEvent(first + _events.Count, _ownerOf[i].Key, stored.ItemKey, stored.TypeId, number, _times[i],
                e.SessionId));
            _ownerOf[i].LastAtMs = Math.Max(_ownerOf[i].LastAtMs, _times[i]);
        }

        _sequence += _added.Count;
        var changedUsers = _owners.Values.Where(owner => owner.Added.Count > 0).ToList();
        if (_added.Count >= CopyFromEvents) await CopyAsync(first).ConfigureAwait(false);
        if (_items.Values.Any(item => item.Sums.IsInexact)) await SumAgainAsync().ConfigureAwait(false);
        var changedItems = _items.Values.Where(item => item.Changed).ToList();
        if (_added.Count < CopyFromEvents) AddInserts(batch, first);
        AddAudience(batch);
        batch.BatchCommands.Add(Batched(
            "UPDATE users u SET revision = $1, events = u.events + n.events, last_at_ms = greatest(u.last_at_ms, n.last) FROM unnest($2, "
                + "$3, $4) AS n (key, events, last) WHERE u.user_key = n.key",
            [_revision, changedUsers.Select(owner => owner.Key).ToArray(), changedUsers.Select(owner => owner.Added.Count).ToArray(),
                changedUsers.Select(owner => owner.LastAtMs).ToArray()]));
        batch.BatchCommands.Add(
            Batched("UPDATE items i SET users = n.users, popularity = n.popularity, trend = n.trend FROM unnest($1, $2, $3, $4) AS n "
                + "(key, users, popularity, trend) WHERE i.item_key = n.key",
            [changedItems.Select(item => item.Key).ToArray(), changedItems.Select(item => item.Sums.Users).ToArray(),
            changedItems.Select(item => item.Sums.Popularity).ToArray(), changedItems.Select(item => item.Sums.Trend).ToArray()]));
        batch.BatchCommands.Add(Batched("UPDATE state SET sequence = $1, revision = $2, events = events + $3, last_stored_at_ms = $4",
            [_sequence, _revision, (long)_added.Count, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()]));
    }

    private void AddInserts(NpgsqlBatch batch, long first)
    {
        batch.BatchCommands.Add(Batched("INSERT INTO event_ids SELECT unnest($1)", [Column(i => ids[i])]));
        batch.BatchCommands.Add(Batched(
            "INSERT INTO events (sequence, event_id, user_key, item_key, type_id, value, occurred_at_ms, session_id, recommendation_id, "
                + "context, occurred_at_stated) SELECT $1 + n - 1, e, u, i, t, v, o, s, r, c, a FROM unnest($2, $3, $4, $5, $6, $7, $8, "
                + "$9, $10, $11) WITH ORDINALITY AS n (e, u, i, t, v, o, s, r, c, a, n)",
            [first, Column(i => EventKey.Of(interactions[i])), Column(i => _ownerOf[i].Key),
                Column(i => _items[interactions[i].ItemId!].Key), Column(i => (int)_types[interactions[i].Type!]),
            Column(i => interactions[i].Value), Column(i => _times[i]), Column(i => interactions[i].SessionId),
                Column(i => interactions[i].RecommendationId), Column(i => SqlStore.ContextOf(interactions[i])),
                    Column(i => interactions[i].OccurredAtAssigned ? 0 : 1)]));
    }

    /// <summary>As above with COPY, for many events: two more round trips, but much less work for the server.</summary>
    private async Task CopyAsync(long first)
    {
        await using (var writer = await connection.BeginBinaryImportAsync("COPY event_ids (id) FROM STDIN (FORMAT BINARY)",
            cancellationToken).ConfigureAwait(false))
        {
            // Rows are buffered; only a full buffer waits for the server.
            foreach (int i in _added)
            {
                writer.StartRow();
                writer.Write(ids[i], NpgsqlDbType.Uuid);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        await using (var writer = await connection.BeginBinaryImportAsync(
            "COPY events (sequence, event_id, user_key, item_key, type_id, value, occurred_at_ms, session_id, recommendation_id, context, "
                + "occurred_at_stated) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false))
        {
            foreach (int i in _added)
            {
                var e = interactions[i];
                writer.StartRow();
                writer.Write(first++, NpgsqlDbType.Bigint);
                writer.Write(EventKey.Of(e), NpgsqlDbType.Text);
                writer.Write(_ownerOf[i].Key, NpgsqlDbType.Integer);
                writer.Write(_items[e.ItemId!].Key, NpgsqlDbType.Integer);
                writer.Write((int)_types[e.Type!], NpgsqlDbType.Integer);
                if (e.Value is { } value) writer.Write(value, NpgsqlDbType.Double);
                else writer.WriteNull();
                writer.Write(_times[i], NpgsqlDbType.Bigint);
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
        var column = new T[_added.Count];
        for (int i = 0; i < column.Length; i++) column[i] = value(_added[i]);
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
