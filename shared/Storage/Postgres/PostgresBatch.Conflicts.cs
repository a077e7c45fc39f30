using Npgsql;
using Recommender.Contracts;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using static Recommender.Storage.Postgres.PostgresStore;

namespace Recommender.Storage.Postgres;

internal sealed partial class PostgresBatch
{
    /// <summary>Value in <see cref="_firstOf"/>: the event with this id is in the store.</summary>
    private const int Stored = -1;

    /// <summary>
    /// Finds the repeated events whose content differs from the event with their id. There is no index by event id, because it would slow
    /// down every insert: the event is searched among those of its possible owners.
    /// </summary>
    private async Task<List<EventConflict>> FindConflictsAsync()
    {
        var conflicts = new List<EventConflict>();
        var searched = new HashSet<int>();
        foreach (int i in _repeated)
        {
            int first = _firstOf[ids[i]];
            if (first == Stored) searched.Add(i);
            else Compare(i, ContentOf(first));
        }

        // With a stated time, only one partition is read. Remaining events have another time, or an assigned one. In both cases the events
        // of each user are read once per batch.
        List<int> stated = [.. searched.Where(i => !interactions[i].OccurredAtAssigned)];
        await CompareStoredAsync(stated, "AND e.occurred_at_ms = d.at").ConfigureAwait(false);
        await CompareStoredAsync([.. searched], "").ConfigureAwait(false);
        foreach (int i in searched) conflicts.Add(new EventConflict(i, interactions[i].UserId is null ? "sessionId" : "userId"));
        conflicts.Sort((a, b) => a.Index.CompareTo(b.Index));
        return conflicts;

        void Compare(int i, StoredContent content)
        {
            if (content.DifferenceTo(interactions[i], IsMerged) is { } field) conflicts.Add(new EventConflict(i, field));
        }

        async Task CompareStoredAsync(List<int> events, string condition)
        {
            if (events.Count == 0) return;
            var candidates = events.SelectMany(i => Owners(interactions[i]).Select(owner => (Index: i, Owner: owner))).ToList();
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(Batched($"""
                SELECT d.n, u.user_id, u.is_session, e.session_id, i.item_id, t.name, e.value, e.occurred_at_ms, e.occurred_at_stated
                FROM unnest($1, $2, $3, $4, $5) AS d (n, is_session, user_id, event_id, at)
                JOIN users u ON u.user_id = d.user_id AND u.is_session = d.is_session
                JOIN events e ON e.user_key = u.user_key AND e.event_id = d.event_id {condition}
                JOIN items i ON i.item_key = e.item_key
                JOIN event_types t ON t.type_id = e.type_id
                """,
                [candidates.Select(c => c.Index).ToArray(),
                candidates.Select(c => c.Owner.IsSession ? 1 : 0).ToArray(),
                candidates.Select(c => c.Owner.Id).ToArray(),
                candidates.Select(c => EventKey.Of(interactions[c.Index])).ToArray(),
                candidates.Select(c => _times[c.Index]).ToArray()]));
            await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!searched.Remove(row.GetInt32(0))) continue;
                Compare(row.GetInt32(0), new StoredContent(
                    new UserRef(row.GetString(1), row.GetInt32(2) != 0),
                    row.IsDBNull(3) ? null : row.GetString(3),
                    row.GetString(4),
                    row.GetString(5),
                    row.IsDBNull(6) ? null : row.GetDouble(6),
                    row.GetInt64(7),
                    row.IsDBNull(8) ? null : row.GetInt32(8) != 0));
            }
        }
    }

    private StoredContent ContentOf(int i)
    {
        var e = interactions[i];
        return new StoredContent(_ownerOf[i].User, e.SessionId, e.ItemId!, e.Type!, e.Value, _times[i], !e.OccurredAtAssigned);
    }

    /// <summary>Possible owners of the event: events of a session may belong to the users into whom it was merged.</summary>
    private IEnumerable<UserRef> Owners(Interaction e)
    {
        yield return UserRef.Of(e);
        if (e.UserId is not null || !_merges!.TryGetValue(e.SessionId!, out var targets)) yield break;
        foreach (string userId in targets.Select(target => target.UserId).Distinct(StringComparer.Ordinal))
            yield return UserRef.User(userId);
    }

    private bool IsMerged(string sessionId, string userId) =>
        _merges is not null && _merges.TryGetValue(sessionId, out var targets) && targets.Exists(target => target.UserId == userId);
}
