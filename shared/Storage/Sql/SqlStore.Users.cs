using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Users;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    public Task PutUserAsync(string userId, UserProfile profile, DateTimeOffset acceptedAt, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            if (await ErasedUpToAsync(connection, UserRef.User(userId), cancellationToken)
                .ConfigureAwait(false) >= acceptedAt.ToUnixTimeMilliseconds()) return 0;
            int key = await FindOrAddUserAsync(connection, UserRef.User(userId), cancellationToken).ConfigureAwait(false);
            string properties = JsonSerializer.Serialize(profile, ContractsJson.Default.UserProfile);
            return await connection.ExecuteAsync(Command("UPDATE users SET properties = @properties WHERE user_key = @key",
                new { key, properties }, cancellationToken)).ConfigureAwait(false);
        }, cancellationToken);

    public Task<MergeResult> MergeSessionAsync(string sessionId, string userId, DateTimeOffset mergedAt,
        CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            long mergedAtMs = mergedAt.ToUnixTimeMilliseconds();
            int? sessionKey = await FindUserAsync(connection, UserRef.Session(sessionId), cancellationToken).ConfigureAwait(false);
            int? userKey = await FindUserAsync(connection, UserRef.User(userId), cancellationToken).ConfigureAwait(false);
            // The user's erasure also removed earlier merges.
            if (await ErasedUpToAsync(connection, UserRef.User(userId), cancellationToken).ConfigureAwait(false) >= mergedAtMs)
                return new MergeResult(0, userKey, sessionKey);

            // Clocks of producers may be ahead, so all current events of the session belong to the merge, even later ones.
            long throughMs = Math.Max(mergedAtMs, sessionKey is null ? long.MinValue : await connection.ExecuteScalarAsync<long>(Command(
                "SELECT last_at_ms FROM users WHERE user_key = @sessionKey", new { sessionKey }, cancellationToken)).ConfigureAwait(false));
            int added = await connection.ExecuteAsync(Command(
                "INSERT INTO merges (session_id, merged_at_ms, through_ms, user_id) VALUES (@sessionId, @mergedAtMs, @throughMs, @userId) "
                    + "ON CONFLICT DO NOTHING",
                new { sessionId, mergedAtMs, throughMs, userId }, cancellationToken)).ConfigureAwait(false);
            if (added == 0 && userKey is { } merged)
            {
                // It is unknown whether the statistics were copied after the first execution.
                long now = await connection.ExecuteScalarAsync<long>(Command("SELECT revision FROM state", null, cancellationToken))
                    .ConfigureAwait(false);
                var current = await StatisticsOfUserAsync(connection, merged, cancellationToken).ConfigureAwait(false);
                var sessionItems = await SessionItemsAsync(connection, merged, sessionId, cancellationToken).ConfigureAwait(false);
                return new MergeResult(0, userKey, sessionKey) { Items = current, JoinedItemKeys = sessionItems, Revision = now };
            }

            if (added > 0) await MergeServedAsync(connection, sessionId, userId, throughMs, cancellationToken).ConfigureAwait(false);
            if (added == 0 || sessionKey is null) return new MergeResult(0, userKey, sessionKey);

            userKey ??= await FindOrAddUserAsync(connection, UserRef.User(userId), cancellationToken).ConfigureAwait(false);
            bool joins = (await SessionItemsAsync(connection, userKey.Value, sessionId, cancellationToken).ConfigureAwait(false)).Count > 0;
            int moved = await connection.ExecuteAsync(
                Command("UPDATE events SET user_key = @userKey WHERE user_key = @sessionKey", new { userKey, sessionKey },
                    cancellationToken)).ConfigureAwait(false);
            if (moved == 0) return new MergeResult(0, userKey, sessionKey);
            var items = await MergeAudienceAsync(connection, sessionKey.Value, userKey.Value, cancellationToken).ConfigureAwait(false);
            long revision = await NextRevisionAsync(connection, cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync(Command("""
                UPDATE users SET revision = @revision, events = events + @moved,
                    last_at_ms = (SELECT max(occurred_at_ms) FROM events WHERE events.user_key = users.user_key)
                WHERE user_key = @userKey
                """, new { userKey, revision, moved }, cancellationToken)).ConfigureAwait(false);
            await connection.ExecuteAsync(
                Command($"UPDATE users SET revision = @revision, events = 0, last_at_ms = {NoEvents} WHERE user_key = @sessionKey",
                    new { sessionKey, revision }, cancellationToken)).ConfigureAwait(false);
            var joined = joins ? await SessionItemsAsync(connection, userKey.Value, sessionId, cancellationToken).ConfigureAwait(false)
                : [];
            return new MergeResult(moved, userKey, sessionKey) { Items = items, JoinedItemKeys = joined, Revision = revision };
        }, cancellationToken);

    public async Task<ErasedUser> EraseUserAsync(string userId, string erasureId, DateTimeOffset requestedAt,
        CancellationToken cancellationToken)
    {
        var erased = await WriteAsync(async connection =>
        {
            if (await ErasureAsync(connection, erasureId, cancellationToken).ConfigureAwait(false) is { } earlier)
                return new ErasedUser(earlier, null);

            var user = UserRef.User(userId);
            long erasedAtMs = requestedAt.ToUnixTimeMilliseconds();
            long removed = 0;
            string itemKeys = "[]";
            IReadOnlyList<ItemStatistics> items = [];
            if (await FindUserAsync(connection, user, cancellationToken).ConfigureAwait(false) is { } key)
            {
                var counts = await QueryAsync<UserCounts>(connection,
                    "SELECT count(*) AS events, coalesce(max(occurred_at_ms), 0) AS newest_ms FROM events WHERE user_key = @key",
                    new { key }, cancellationToken).ConfigureAwait(false);
                removed = counts[0].Events;
                if (removed > 0) erasedAtMs = Math.Max(erasedAtMs, counts[0].NewestMs);
                itemKeys = KeysJson(await ReadRowsAsync(connection,
                    "SELECT DISTINCT item_key FROM events WHERE user_key = @key ORDER BY item_key",
                    new { key }, r => r.GetInt32(0), cancellationToken).ConfigureAwait(false));
                await DeleteEventsAsync(connection, key, cancellationToken).ConfigureAwait(false);
                await connection.ExecuteAsync(Command("DELETE FROM users WHERE user_key = @key", new { key }, cancellationToken))
                    .ConfigureAwait(false);
                items = await RemoveFromAudienceAsync(connection, key, cancellationToken).ConfigureAwait(false);
            }

            await HoldServedAsync(connection, cancellationToken).ConfigureAwait(false);
            await EraseServedAsync(connection, user, long.MaxValue, cancellationToken).ConfigureAwait(false);
            // Events of the user's sessions that arrive later must not be stored as events of the session.
            foreach (var merge in await QueryAsync<MergeRow>(connection,
                "SELECT session_id, through_ms FROM merges WHERE user_id = @userId", new { userId }, cancellationToken)
                .ConfigureAwait(false))
            {
                await AddTombstoneAsync(connection, UserRef.Session(merge.SessionId), merge.ThroughMs, cancellationToken)
                    .ConfigureAwait(false);
                await EraseServedAsync(connection, UserRef.Session(merge.SessionId), merge.ThroughMs, cancellationToken)
                    .ConfigureAwait(false);
                await connection.ExecuteAsync(Command(
                    "DELETE FROM users WHERE is_session = 1 AND user_id = @sessionId AND events = 0 AND properties IS NULL",
                        new { sessionId = merge.SessionId }, cancellationToken)).ConfigureAwait(false);
            }

            await connection.ExecuteAsync(Command("DELETE FROM merges WHERE user_id = @userId", new { userId }, cancellationToken))
                .ConfigureAwait(false);
            await AddTombstoneAsync(connection, user, erasedAtMs, cancellationToken).ConfigureAwait(false);
            long revision = await TakeFromStateAsync(connection, removed, cancellationToken).ConfigureAwait(false);
            var storedAt = DateTimeOffset.UtcNow;
            await connection.ExecuteAsync(Command(
                "INSERT INTO erasures (erasure_id, events_removed, revision, user_id, item_keys, due_at_ms) VALUES (@erasureId, @removed, "
                    + "@revision, @userId, @itemKeys, @dueAtMs)",
                new { erasureId, removed, revision, userId, itemKeys, dueAtMs = (storedAt + Erasure.RepeatAfter).ToUnixTimeMilliseconds() },
                    cancellationToken)).ConfigureAwait(false);
            await AddStageAsync(connection, erasureId, "requested", requestedAt, cancellationToken).ConfigureAwait(false);
            await AddStageAsync(connection, erasureId, "store", storedAt, cancellationToken).ConfigureAwait(false);
            await AddStageAsync(connection, erasureId, "insights", storedAt, cancellationToken).ConfigureAwait(false);
            return new ErasedUser((await ErasureAsync(connection, erasureId, cancellationToken).ConfigureAwait(false))!, items);
        }, cancellationToken).ConfigureAwait(false);
        await ForgetAsync(cancellationToken).ConfigureAwait(false);
        return erased;
    }

    public Task<IReadOnlyList<Erasure>> ListOpenErasuresAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Erasure>>(connection => ReadErasuresAsync(connection, "e.user_id IS NOT NULL", null, cancellationToken),
        cancellationToken);

    public Task<Erasure?> ReadErasureAsync(string erasureId, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
            await ReadErasuresAsync(connection, "e.erasure_id = @erasureId", new { erasureId }, cancellationToken)
            .ConfigureAwait(false) is [var erasure] ? erasure : null, cancellationToken);

    public async Task<bool> SaveErasureAsync(Erasure erasure, CancellationToken cancellationToken)
    {
        bool saved = await WriteAsync(async connection =>
        {
            int updated = await connection.ExecuteAsync(Command(
                "UPDATE erasures SET version = version + 1, user_id = @UserId, item_keys = CASE WHEN @UserId IS NULL THEN NULL ELSE "
                    + "item_keys END, due_at_ms = @dueAtMs WHERE erasure_id = @ErasureId AND version = @Version",
                new { erasure.UserId, dueAtMs = erasure.DueAt?.ToUnixTimeMilliseconds(), erasure.ErasureId, erasure.Version },
                    cancellationToken)).ConfigureAwait(false);
            if (updated == 0) return false;
            foreach (var (stage, at) in erasure.Stages) await AddStageAsync(connection, erasure.ErasureId, stage, at, cancellationToken)
                .ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
        if (saved && erasure.UserId is null) await ForgetAsync(cancellationToken).ConfigureAwait(false);
        return saved;
    }

    public async Task<IReadOnlyList<string>> ClaimDueErasuresAsync(DateTimeOffset now, DateTimeOffset nextDue, int limit,
        CancellationToken cancellationToken)
    {
        var parameters = new { now = now.ToUnixTimeMilliseconds(), nextDue = nextDue.ToUnixTimeMilliseconds(), limit };
        const string due =
            "SELECT erasure_id FROM erasures WHERE due_at_ms <= @now AND (user_id IS NOT NULL OR model_version IS NOT NULL) ORDER BY "
            + "due_at_ms LIMIT @limit";
        // Usually nothing is due, so this is not a writing transaction.
        var found = await ReadAsync(connection => QueryAsync<string>(connection, due, parameters, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        if (found.Count == 0) return found;
        return await WriteAsync(connection => QueryAsync<string>(
            connection, $"UPDATE erasures SET due_at_ms = @nextDue WHERE erasure_id IN ({due}) RETURNING erasure_id",
            parameters, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public Task SetErasureModelAsync(IReadOnlyList<string> erasureIds, long modelVersion, DateTimeOffset at,
        CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            foreach (string erasureId in erasureIds)
            {
                // While the erasure is open, it already has a due time.
                await connection.ExecuteAsync(Command("""
                    UPDATE erasures SET model_version = @modelVersion, due_at_ms = CASE WHEN user_id IS NULL THEN @atMs ELSE due_at_ms END
                    WHERE erasure_id = @erasureId AND model_version IS NULL
                    """, new { erasureId, modelVersion, atMs = at.ToUnixTimeMilliseconds() }, cancellationToken)).ConfigureAwait(false);
            }

            return 0;
        }, cancellationToken);

    public Task<ErasureResponse?> GetErasureAsync(string erasureId, CancellationToken cancellationToken) =>
        ReadAsync(connection => ErasureAsync(connection, erasureId, cancellationToken), cancellationToken);

    public Task<long?> GetErasureRevisionAsync(string erasureId, CancellationToken cancellationToken) =>
        ReadAsync(connection => connection.ExecuteScalarAsync<long?>(
        Command("SELECT revision FROM erasures WHERE erasure_id = @erasureId", new { erasureId }, cancellationToken)), cancellationToken);

    public Task<IReadOnlyList<string>> ListPendingErasuresAsync(string stage, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<string>>(async connection => await QueryAsync<string>(connection, """
            SELECT e.erasure_id FROM erasures e JOIN erasure_stages s ON s.erasure_id = e.erasure_id AND s.stage = 'store'
            WHERE NOT EXISTS (SELECT 1 FROM erasure_stages d WHERE d.erasure_id = e.erasure_id AND d.stage = @stage)
            ORDER BY s.at_ms, e.erasure_id
            """, new { stage }, cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<UserExport?> ExportUserAsync(string userId, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            var users = await QueryAsync<ProfileRow>(connection,
                "SELECT user_key, properties FROM users WHERE is_session = 0 AND user_id = @userId", new { userId }, cancellationToken)
                .ConfigureAwait(false);
            if (users is not [var user]) return null;
            var events = await QueryAsync<ExportedEvent>(connection, """
                SELECT e.event_id, i.item_id, t.name AS type, e.value, e.occurred_at_ms, e.session_id, e.recommendation_id, e.context
                FROM events e JOIN items i ON i.item_key = e.item_key JOIN event_types t ON t.type_id = e.type_id
                WHERE e.user_key = @UserKey ORDER BY e.occurred_at_ms, e.sequence
                """, new { user.UserKey }, cancellationToken).ConfigureAwait(false);
            var profile = user.Properties is null ? new UserProfile()
                : JsonSerializer.Deserialize(user.Properties, ContractsJson.Default.UserProfile)!;
            return new UserExport
            {
                UserId = userId,
                Properties = profile.Properties,
                Events = events.ConvertAll(e => e.Of(userId)),
                Answers = await ExportServedAsync(connection, UserRef.User(userId), cancellationToken).ConfigureAwait(false),
            };
        }, cancellationToken);

    public Task<IReadOnlyList<UserSummary>> ListUsersAsync(string prefix, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<UserSummary>>(async connection =>
            (await QueryAsync<UserRow>(connection, """
                SELECT user_id, events, last_at_ms FROM users
                WHERE is_session = 0 AND events > 0 AND user_id >= @prefix AND substr(user_id, 1, length(@prefix)) = @prefix
                ORDER BY events DESC, user_id LIMIT @limit
                """, new { prefix, limit }, cancellationToken).ConfigureAwait(false))
                .ConvertAll(row => new UserSummary(row.UserId, row.Events, Time(row.LastAtMs))), cancellationToken);

    /// <summary>Removes a user's events and their ids.</summary>
    private protected virtual Task DeleteEventsAsync(DbConnection connection, int userKey, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command("DELETE FROM events WHERE user_key = @userKey", new { userKey }, cancellationToken));

    /// <summary>Called after the commit of an erasure: removes old content from files of the database, if possible.</summary>
    private protected virtual Task ForgetAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary><c>last_at_ms</c> of a user without events.</summary>
    internal const long NoEvents = -62135596800000;

    /// <summary>SHA-256 of the user's key, because tombstones must not contain the id of an erased user.</summary>
    internal static byte[] HashOf(UserRef user) => SHA256.HashData(Encoding.UTF8.GetBytes(user.Key));

    private static Task<int?> FindUserAsync(DbConnection connection, UserRef user, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int?>(Command("SELECT user_key FROM users WHERE is_session = @session AND user_id = @Id",
        new { session = user.IsSession ? 1 : 0, user.Id }, cancellationToken));

    private static async Task<int> FindOrAddUserAsync(DbConnection connection, UserRef user, CancellationToken cancellationToken)
    {
        if (await FindUserAsync(connection, user, cancellationToken).ConfigureAwait(false) is { } key) return key;
        long revision = await NextRevisionAsync(connection, cancellationToken).ConfigureAwait(false);
        return await connection.ExecuteScalarAsync<int>(
            Command($"INSERT INTO users (is_session, user_id, revision, events, last_at_ms) VALUES (@session, @Id, @revision, 0, "
                + $"{NoEvents}) RETURNING user_key",
            new { session = user.IsSession ? 1 : 0, user.Id, revision }, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Items of the user's events of a session.</summary>
    private static Task<List<int>> SessionItemsAsync(DbConnection connection, int userKey, string sessionId,
        CancellationToken cancellationToken) =>
        ReadRowsAsync(connection,
            "SELECT DISTINCT item_key FROM events WHERE user_key = @userKey AND session_id = @sessionId ORDER BY item_key",
            new { userKey, sessionId }, r => r.GetInt32(0), cancellationToken);

    private static async Task<long> ErasedUpToAsync(DbConnection connection, UserRef user, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long?>(
        Command("SELECT erased_at_ms FROM tombstones WHERE user_hash = @hash", new { hash = HashOf(user) }, cancellationToken))
            .ConfigureAwait(false) ?? long.MinValue;

    private static Task<int> AddTombstoneAsync(DbConnection connection, UserRef user, long erasedAtMs,
        CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command("""
            INSERT INTO tombstones (user_hash, erased_at_ms) VALUES (@hash, @erasedAtMs)
            ON CONFLICT (user_hash) DO UPDATE SET erased_at_ms = excluded.erased_at_ms WHERE excluded.erased_at_ms > tombstones.erased_at_ms
            """, new { hash = HashOf(user), erasedAtMs }, cancellationToken));

    private static Task<int> AddStageAsync(DbConnection connection, string erasureId, string stage, DateTimeOffset at,
        CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command(
        "INSERT INTO erasure_stages (erasure_id, stage, at_ms) SELECT erasure_id, @stage, @at FROM erasures WHERE erasure_id = @erasureId "
            + "ON CONFLICT DO NOTHING",
            new { erasureId, stage, at = at.ToUnixTimeMilliseconds() }, cancellationToken));

    /// <summary>Reads erasures with their stages in one statement, because another transaction may complete one between two.</summary>
    private static async Task<IReadOnlyList<Erasure>> ReadErasuresAsync(DbConnection connection, string condition, object? parameters,
        CancellationToken cancellationToken)
    {
        var rows = await QueryAsync<ErasureRow>(connection, $"""
            SELECT e.erasure_id, e.user_id, e.revision, e.version, e.due_at_ms, e.model_version, s.stage, s.at_ms, e.item_keys
            FROM erasures e LEFT JOIN erasure_stages s ON s.erasure_id = e.erasure_id
            WHERE {condition}
            ORDER BY e.revision, e.erasure_id, s.at_ms, s.stage
            """, parameters, cancellationToken).ConfigureAwait(false);
        return
        [
            .. rows.GroupBy(row => row.ErasureId, StringComparer.Ordinal).Select(group => group.First().With(group
                .Where(row => row.Stage is not null)
                .ToDictionary(row => row.Stage!, row => Time(row.AtMs!.Value), StringComparer.Ordinal))),
        ];
    }

    private static async Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadStagesAsync(DbConnection connection, string erasureId,
        CancellationToken cancellationToken)
    {
        var stages = await QueryAsync<StageRow>(connection,
            "SELECT stage, at_ms FROM erasure_stages WHERE erasure_id = @erasureId ORDER BY at_ms, stage", new { erasureId },
            cancellationToken)
            .ConfigureAwait(false);
        return stages.ToDictionary(row => row.Stage, row => Time(row.AtMs), StringComparer.Ordinal);
    }

    private static async Task<ErasureResponse?> ErasureAsync(DbConnection connection, string erasureId, CancellationToken cancellationToken)
    {
        var erasures = await QueryAsync<ReceiptRow>(connection,
            "SELECT events_removed, model_version FROM erasures WHERE erasure_id = @erasureId", new { erasureId }, cancellationToken)
            .ConfigureAwait(false);
        if (erasures is not [var erasure]) return null;
        var times = await ReadStagesAsync(connection, erasureId, cancellationToken).ConfigureAwait(false);
        bool done = times.ContainsKey("store") && times.ContainsKey("factorStore") && times.ContainsKey("serving")
            && times.ContainsKey("queues");
        return new ErasureResponse
        {
            ErasureId = erasureId,
            State = done ? "done"
            : "pending",
            Stages = times,
            EventsRemoved = erasure.EventsRemoved,
            ModelVersion = erasure.ModelVersion
        };
    }

    private sealed class UserCounts
    {
        public long Events { get; init; }
        public long NewestMs { get; init; }
    }

    private sealed class MergeRow
    {
        public string SessionId { get; init; } = "";
        public long ThroughMs { get; init; }
    }

    private sealed class ProfileRow
    {
        public int UserKey { get; init; }
        public string? Properties { get; init; }
    }

    private sealed class ExportedEvent
    {
        public string EventId { get; init; } = "";
        public string ItemId { get; init; } = "";
        public string Type { get; init; } = "";
        public double? Value { get; init; }
        public long OccurredAtMs { get; init; }
        public string? SessionId { get; init; }
        public string? RecommendationId { get; init; }
        public string? Context { get; init; }

        public Interaction Of(string userId)
        {
            var key = EventKey.Parse(EventId);
            return new Interaction
            {
                EventId = key.EventId,
                CloudEventSource = key.Source,
                UserId = userId,
                ItemId = ItemId,
                Type = Type,
                Value = Value,
                OccurredAt = Time(OccurredAtMs),
                SessionId = SessionId,
                RecommendationId = RecommendationId,
                Context = Context is null ? null : JsonElement.Parse(Context),
            };
        }
    }

    private sealed class UserRow
    {
        public string UserId { get; init; } = "";
        public long Events { get; init; }
        public long LastAtMs { get; init; }
    }

    private sealed class ErasureRow
    {
        public string ErasureId { get; init; } = "";
        public string? UserId { get; init; }
        public long Revision { get; init; }
        public long Version { get; init; }
        public long? DueAtMs { get; init; }
        public long? ModelVersion { get; init; }
        public string? Stage { get; init; }
        public long? AtMs { get; init; }

        /// <summary>JSON array; null for erasures of earlier versions.</summary>
        public string? ItemKeys { get; init; }

        public Erasure With(IReadOnlyDictionary<string, DateTimeOffset> stages) => new()
        {
            ErasureId = ErasureId,
            UserId = UserId,
            Revision = Revision,
            Version = Version,
            DueAt = DueAtMs is { } at ? Time(at) : null,
            ModelVersion = ModelVersion,
            ItemKeys = ItemKeys is { } keys ? JsonSerializer.Deserialize<int[]>(keys)! : [],
            Stages = stages,
        };
    }

    private sealed class StageRow
    {
        public string Stage { get; init; } = "";
        public long AtMs { get; init; }
    }

    private sealed class ReceiptRow
    {
        public long EventsRemoved { get; init; }
        public long? ModelVersion { get; init; }
    }
}
