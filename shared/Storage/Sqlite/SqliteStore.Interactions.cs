using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Recommender.Contracts;
using Recommender.Sqlite;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Recommender.Storage.Pairs;
using Recommender.Storage.Users;

namespace Recommender.Storage.Sqlite;

public sealed partial class SqliteStore
{
    /// <summary>Prepared on the writing connection at first use; used only inside of writing transactions.</summary>
    private HotStatements? _hotStatements;

    public override Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions,
        CancellationToken cancellationToken) =>
        _database.WriteAsync(connection => Task.FromResult(
        new Batch(_hotStatements ??= new HotStatements(connection), Statistics).Store(interactions)), cancellationToken);

    public override Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys,
        CancellationToken cancellationToken) =>
        _database.ReadAsync<IReadOnlyList<UserEvents>>(connection =>
        {
            var histories = new List<UserEvents>(userKeys.Count);
            using var user = new SqliteStatement(connection,
                "SELECT is_session, user_id, revision, events FROM users WHERE user_key = $0", 1);
            using var events = new SqliteStatement(connection,
                "SELECT item_key, type_id, value, occurred_at_ms FROM events WHERE user_key = $0 ORDER BY occurred_at_ms, sequence", 1);
            foreach (int key in userKeys.Distinct())
            {
                cancellationToken.ThrowIfCancellationRequested();
                UserRef owner;
                long revision;
                int count;
                using (var row = user.Query(key))
                {
                    if (!row.Read()) continue;
                    owner = new UserRef(row.GetString(1), row.GetInt32(0) != 0);
                    revision = row.GetInt64(2);
                    count = row.GetInt32(3);
                }

                var history = new List<StoredEvent>(count);
                using (var row = events.Query(key))
                    while (row.Read()) history.Add(new StoredEvent(row.GetInt32(0), row.GetInt16(1), row.IsDBNull(2) ? float.NaN
                        : (float)row.GetDouble(2), row.GetInt64(3)));
                histories.Add(new UserEvents { UserKey = key, User = owner, Revision = revision, Events = history });
            }

            return Task.FromResult<IReadOnlyList<UserEvents>>(histories);
        }, cancellationToken);

    public override Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken) =>
        _database.ReadAsync(connection =>
        {
            using var count = new SqliteStatement(connection, "SELECT count(*) FROM events WHERE sequence <= $0", 1);
            using var all = new SqliteStatement(connection,
                "SELECT user_key, item_key, type_id, value, occurred_at_ms, sequence FROM events WHERE sequence <= $0", 1);
            var log = new InteractionLogBuilder(Convert.ToInt32(Scalar(count, upToSequence),
                System.Globalization.CultureInfo.InvariantCulture));
            using var row = all.Query(upToSequence);
            while (row.Read())
            {
                if ((log.Count & 0xFFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
                log.Add(row.GetInt32(0), row.GetInt32(1), row.GetInt16(2), row.IsDBNull(3) ? float.NaN
                    : (float)row.GetDouble(3), row.GetInt64(4), row.GetInt64(5));
            }

            return Task.FromResult(log.Build());
        }, cancellationToken);

    private static object? Scalar(SqliteStatement statement, params ReadOnlySpan<object?> values)
    {
        using var row = statement.Query(values);
        return row.Read() ? row.GetValue(0) : null;
    }

    private sealed class HotStatements(SqliteConnection connection) : IDisposable
    {
        public readonly SqliteStatement ReadState = new(connection, "SELECT sequence, revision, events, retained_from_ms FROM state", 0);
        public readonly SqliteStatement WriteState =
            new(connection, "UPDATE state SET sequence = $0, revision = $1, events = events + $2, last_stored_at_ms = $3", 4);
        public readonly SqliteStatement Merge = new(connection,
            "SELECT user_id FROM merges WHERE session_id = $0 AND through_ms >= $1 ORDER BY through_ms LIMIT 1", 2);
        public readonly SqliteStatement Tombstone = new(connection, "SELECT erased_at_ms FROM tombstones WHERE user_hash = $0", 1);
        public readonly SqliteStatement FindEvent = new(connection, "SELECT 1 FROM events WHERE event_id = $0", 1);
        public readonly SqliteStatement FindContent = new(connection, """
            SELECT u.user_id, u.is_session, e.session_id, i.item_id, t.name, e.value, e.occurred_at_ms, e.occurred_at_stated
            FROM events e JOIN users u ON u.user_key = e.user_key JOIN items i ON i.item_key = e.item_key JOIN event_types t ON t.type_id = e.type_id
            WHERE e.event_id = $0
            """, 1);
        public readonly SqliteStatement FindMerge = new(connection, "SELECT 1 FROM merges WHERE session_id = $0 AND user_id = $1", 2);
        public readonly SqliteStatement Count = new(connection,
            "UPDATE state SET duplicate_events = duplicate_events + $0, conflicting_events = conflicting_events + $1, dropped_events = "
                + "dropped_events + $2", 3);
        public readonly SqliteStatement AddEvent =
            new(connection,
            "INSERT INTO events (sequence, event_id, user_key, item_key, type_id, value, occurred_at_ms, session_id, recommendation_id, "
                + "context, occurred_at_stated) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (event_id) DO NOTHING",
                11);
        public readonly SqliteStatement FindUser =
            new(connection, "SELECT user_key, revision FROM users WHERE is_session = $0 AND user_id = $1", 2);
        public readonly SqliteStatement AddUser =
            new(connection, $"INSERT INTO users (is_session, user_id, revision, events, last_at_ms) VALUES ($0, $1, 0, 0, {NoEvents}) "
            + $"RETURNING user_key", 2);
        public readonly SqliteStatement ChangeUser =
            new(connection, "UPDATE users SET revision = $1, events = events + $2, last_at_ms = max(last_at_ms, $3) WHERE user_key = $0",
            4);
        public readonly SqliteStatement FindItem = new(connection,
            "SELECT item_key, users, popularity, trend FROM items WHERE item_id = $0", 1);
        public readonly SqliteStatement AddItem = new(connection,
            "INSERT INTO items (item_id, deleted, popularity, trend, created_at_ms) VALUES ($0, 0, $1, $1, $2) RETURNING item_key", 3);
        public readonly SqliteStatement ChangeItem = new(connection,
            "UPDATE items SET users = $1, popularity = $2, trend = $3 WHERE item_key = $0", 4);
        public readonly SqliteStatement FindPair = new(connection,
            "SELECT counts_at_ms, mixed FROM audience WHERE user_key = $0 AND item_key = $1", 2);
        public readonly SqliteStatement PutPair = new(connection,
            "INSERT OR REPLACE INTO audience (user_key, item_key, counts_at_ms, mixed) VALUES ($0, $1, $2, $3)", 4);
        public readonly SqliteStatement PairEvents = new(connection,
            "SELECT user_key, item_key, type_id, value, occurred_at_ms FROM events WHERE user_key = $0 AND item_key = $1 AND sequence <= "
                + "$2 ORDER BY occurred_at_ms, sequence", 3);
        public readonly SqliteStatement AudienceTimes = new(connection,
            "SELECT counts_at_ms FROM audience WHERE item_key = $0 AND counts_at_ms IS NOT NULL", 1);
        public readonly SqliteStatement FindType = new(connection, "SELECT type_id FROM event_types WHERE name = $0", 1);
        public readonly SqliteStatement Types = new(connection, "SELECT type_id, name FROM event_types", 0);
        public readonly SqliteStatement AddType =
            new(connection, "INSERT INTO event_types SELECT count(*), $0 FROM event_types RETURNING type_id", 1);

        public void Dispose()
        {
            foreach (var statement in new[] { ReadState, WriteState, Merge, Tombstone, FindEvent, FindContent, FindMerge, Count, AddEvent,
                FindUser, AddUser, ChangeUser, FindItem, AddItem, ChangeItem, FindPair, PutPair, PairEvents, AudienceTimes, Types,
                FindType, AddType })
                statement.Dispose();
        }
    }

    /// <summary>One batch of events in its transaction: event by event, with one look-up per user and item.</summary>
    private sealed class Batch(HotStatements sql, StatisticsSettings statistics)
    {
        private readonly Dictionary<UserRef, Owner> _owners = [];
        private readonly Dictionary<string, ItemState> _items = new(StringComparer.Ordinal);
        private readonly Dictionary<string, short> _types = new(StringComparer.Ordinal);
        private readonly Dictionary<(int User, int Item), (PairChange Change, ItemState Item)> _pairs = [];

        public StoredBatch Store(IReadOnlyList<Interaction> interactions)
        {
            long sequence, revision, retainedFromMs;
            using (var row = sql.ReadState.Query())
            {
                row.Read();
                sequence = row.GetInt64(0);
                revision = row.GetInt64(1);
                retainedFromMs = row.GetInt64(3);
            }

            long nextRevision = revision + 1, earlierSequence = sequence;
            int stored = 0, duplicates = 0, dropped = 0;
            var conflicts = new List<EventConflict>();
            var events = new List<SequencedEvent>(interactions.Count);
            for (int index = 0; index < interactions.Count; index++)
            {
                var e = interactions[index];
                string key = EventKey.Of(e);
                long at = e.OccurredAt!.Value.ToUnixTimeMilliseconds();
                var owner = Find(OwnerOf(e, at));
                if (at <= owner.ErasedUpToMs || at < retainedFromMs)
                {
                    dropped++;
                    continue;
                }

                var item = FindItem(e.ItemId!);
                owner.Named = item.Named = true;
                // A duplicate must not create a user or item. If both exist, the insert detects it.
                if ((owner.Key is null || item.Key is null) && Scalar(sql.FindEvent, key) is not null)
                {
                    AddRepeated(index, key);
                    continue;
                }

                owner.Key ??= (int)(long)Scalar(sql.AddUser, owner.User.IsSession ? 1 : 0, owner.User.Id)!;
                item.Key ??= (int)(long)Scalar(sql.AddItem, e.ItemId, double.NegativeInfinity, at)!;
                short type = FindType(e.Type!);
                if (sql.AddEvent.Execute(sequence + 1, key, owner.Key, item.Key, type, e.Value, at, e.SessionId, e.RecommendationId,
                    ContextOf(e), e.OccurredAtAssigned ? 0 : 1) == 0)
                {
                    AddRepeated(index, key);
                    continue;
                }

                sequence++;
                stored++;
                events.Add(Note(e, sequence, owner, item.Key.Value, type, at));
                owner.LastAtMs = Math.Max(owner.LastAtMs, at);
                FindPair(owner.Key.Value, item)
                    .Add(new PairEvent(e.Type!, statistics.Weights[e.Type!], (float)(e.Value ?? double.NaN), at));
            }

            SettlePairs(earlierSequence);
            foreach (var owner in _owners.Values)
                if (owner.Added.Count > 0) sql.ChangeUser.Execute(owner.Key, nextRevision, owner.Added.Count, owner.LastAtMs);
            foreach (var item in _items.Values)
                if (item.Changed) sql.ChangeItem.Execute(item.Key, item.Sums.Users, item.Sums.Popularity, item.Sums.Trend);
            if (stored > 0) sql.WriteState.Execute(sequence, nextRevision, stored, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            if (duplicates + conflicts.Count + dropped > 0) sql.Count.Execute(duplicates, conflicts.Count, dropped);

            return new StoredBatch
            {
                Stored = stored,
                Duplicates = duplicates,
                Conflicts = conflicts,
                Dropped = dropped,
                UserKeys = [.. _owners.Values.Where(o => o.Named && o.Key is not null).Select(o => o.Key!.Value)],
                Items = [.. _items.Where(i => i.Value.Named && i.Value.Key is not null)
                    .Select(i => i.Value.Sums.Of(i.Value.Key!.Value, i.Key))],
                Additions = [.. _owners.Values.Where(o => o.Added.Count > 0)
                .Select(o => new UserAddition(o.Key!.Value, o.User, o.PriorRevision, o.Added))],
                Events = events,
                Sequence = sequence,
                Revision = stored > 0 ? nextRevision : revision,
            };

            void AddRepeated(int index, string key)
            {
                if (Content(key).DifferenceTo(interactions[index], IsMerged) is { } field) conflicts.Add(new EventConflict(index, field));
                else duplicates++;
            }
        }

        private static SequencedEvent Note(Interaction e, long sequence, Owner owner, int itemKey, short type, long at)
        {
            float value = (float)(e.Value ?? double.NaN);
            owner.Added.Add(new StoredEvent(itemKey, type, value, at));
            return new SequencedEvent(sequence, owner.Key!.Value, itemKey, type, value, at, e.SessionId);
        }

        private StoredContent Content(string key)
        {
            using var row = sql.FindContent.Query(key);
            row.Read();
            return new StoredContent(
                new UserRef(row.GetString(0), row.GetInt32(1) != 0),
                row.IsDBNull(2) ? null : row.GetString(2),
                row.GetString(3),
                row.GetString(4),
                row.IsDBNull(5) ? null : row.GetDouble(5),
                row.GetInt64(6),
                row.IsDBNull(7) ? null : row.GetInt32(7) != 0);
        }

        private bool IsMerged(string sessionId, string userId) => Scalar(sql.FindMerge, sessionId, userId) is not null;

        /// <summary>The owner of the event: for a session event from before a merge, the user into whom the session was merged.</summary>
        private UserRef OwnerOf(Interaction e, long at)
        {
            var owner = UserRef.Of(e);
            return owner.IsSession && Scalar(sql.Merge, owner.Id, at) is string userId ? UserRef.User(userId) : owner;
        }

        private Owner Find(UserRef user)
        {
            ref var owner = ref CollectionsMarshal.GetValueRefOrAddDefault(_owners, user, out bool known);
            if (!known)
            {
                owner = new Owner { User = user, ErasedUpToMs = (long?)Scalar(sql.Tombstone, HashOf(user)) ?? long.MinValue };
                using var row = sql.FindUser.Query(user.IsSession ? 1 : 0, user.Id);
                if (row.Read()) (owner.Key, owner.PriorRevision) = (row.GetInt32(0), row.GetInt64(1));
            }

            return owner!;
        }

        private ItemState FindItem(string itemId)
        {
            ref var item = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, itemId, out bool known);
            if (!known)
            {
                using var row = sql.FindItem.Query(itemId);
                item = row.Read()
                    ? new ItemState { Key = row.GetInt32(0), Sums = new ItemSums(row.GetInt64(1), row.GetDouble(2), row.GetDouble(3)) }
                    : new ItemState();
            }

            return item!;
        }

        private short FindType(string name)
        {
            ref short type = ref CollectionsMarshal.GetValueRefOrAddDefault(_types, name, out bool known);
            if (!known) type = (short)(long)(Scalar(sql.FindType, name) ?? Scalar(sql.AddType, name))!;
            return type;
        }

        private PairChange FindPair(int userKey, ItemState item)
        {
            ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (userKey, item.Key!.Value), out bool known);
            if (!known)
            {
                pair = (new PairChange(userKey, item.Key.Value), item);
                using var row = sql.FindPair.Query(userKey, item.Key);
                if (row.Read()) pair.Change.Before = new PairState(row.IsDBNull(0) ? null : row.GetInt64(0), row.GetInt32(1) != 0);
            }

            return pair.Change;
        }

        /// <summary>Computes the new states of the pairs, and updates the sums of the items.</summary>
        private void SettlePairs(long earlierSequence)
        {
            var rules = new PairRules();
            Dictionary<int, string>? names = null;
            foreach (var (key, (change, item)) in _pairs)
            {
                if (change.Added.Count == 0) continue;
                var earlier = new Dictionary<(int User, int Item), List<PairEvent>>();
                if (change.NeedsEarlierEvents)
                {
                    names ??= Names();
                    using var row = sql.PairEvents.Query(change.UserKey, change.ItemKey, earlierSequence);
                    while (row.Read()) AddPairEvent(earlier, row, names, statistics);
                }

                change.Settle(rules, earlier.GetValueOrDefault(key) ?? []);
                if (change.Before == change.After) continue;
                sql.PutPair.Execute(change.UserKey, change.ItemKey, change.After!.Value.CountsAtMs, change.After.Value.IsMixed ? 1 : 0);
                if (change.Before?.CountsAtMs == change.After?.CountsAtMs) continue;
                item.Changed = true;
                item.Sums.Move(statistics, change.Before?.CountsAtMs, change.After?.CountsAtMs);
            }

            foreach (var item in _items.Values)
                if (item.Sums.IsInexact) SumAgain(item);
        }

        private Dictionary<int, string> Names()
        {
            var names = new Dictionary<int, string>();
            using var row = sql.Types.Query();
            while (row.Read()) names.Add(row.GetInt32(0), row.GetString(1));
            return names;
        }

        /// <summary>Recomputes the sums of an item that lost precision, from its current audience.</summary>
        private void SumAgain(ItemState item)
        {
            item.Sums = ItemSums.Empty;
            using var row = sql.AudienceTimes.Query(item.Key);
            while (row.Read()) item.Sums.Move(statistics, null, row.GetInt64(0));
        }

        private sealed class Owner
        {
            public required UserRef User;
            public required long ErasedUpToMs;
            public int? Key;
            public long PriorRevision;
            public bool Named;
            public readonly List<StoredEvent> Added = [];
            public long LastAtMs = long.MinValue;
        }

        private sealed class ItemState
        {
            public int? Key;
            public ItemSums Sums = ItemSums.Empty;
            public bool Named;
            public bool Changed;
        }
    }
}
