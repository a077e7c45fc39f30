using System.Runtime.InteropServices;
using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Storage;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Transitions;

/// <summary>Counts transitions from the events in the store: all rows, or those of some items.</summary>
public sealed class TransitionCounter(IStore store, TransitionPolicy rules, ILogger<TransitionCounter> logger)
{
    /// <summary>A row that is counted again is counted from the sessions of this many users of its item, the newest.</summary>
    public const int UsersPerRow = 1_000;

    /// <summary>Rows of recent events are counted from at most this many of the newest events, which takes 48 MB meanwhile.</summary>
    public const int RecentEventsLimit = 2_000_000;

    private const int PageUsers = 500, PageEvents = 50_000;

    /// <summary>Events that are older, relative to the newest, are left out: of the longest half-life they count 1/256.</summary>
    private const long RecentSpanMs = 8 * SessionMix.WeekMs;

    private static readonly TimeSpan s_logInterval = TimeSpan.FromSeconds(30);

    /// <summary>Counts all rows up to a sequence. Events are read user by user, so memory holds the rows and one page of users.</summary>
    public async Task<TransitionTables> CountAllAsync(long upToSequence, CancellationToken cancellationToken)
    {
        var tables = rules.CreateTables();
        long events = 0, logged = Environment.TickCount64;
        for (int after = 0; ;)
        {
            var keys = await store.ListUserKeysAsync(after, PageUsers, cancellationToken);
            if (keys.Count == 0) return tables;
            events += await CountAsync(keys, upToSequence, tables, rows: null, cancellationToken);
            after = keys[^1];
            if (Environment.TickCount64 - logged < s_logInterval.TotalMilliseconds) continue;
            logged = Environment.TickCount64;
            logger.TransitionsProgressed(events, upToSequence);
        }
    }

    /// <summary>Counts the rows of some keys as of now. Rows that nothing is left of are empty.</summary>
    public async Task<IReadOnlyList<TransitionRowRecord>> CountRowsAsync(IReadOnlyCollection<int> rowKeys,
        CancellationToken cancellationToken)
    {
        // The position is read before the events, so the rows include every event up to it.
        var position = await store.GetPositionAsync(cancellationToken);
        var users = new HashSet<int>();
        foreach (int key in rowKeys.Select(TransitionRowRecord.ItemOf).Distinct())
            users.UnionWith(await store.ListUsersOfItemAsync(key, UsersPerRow, cancellationToken));
        var tables = rules.CreateTables();
        var rows = rowKeys.ToHashSet();
        foreach (int[] page in users.Order().Chunk(PageUsers))
            await CountAsync(page, position.Sequence, tables, rows, cancellationToken);
        return [.. rowKeys.Select(key => new TransitionRowRecord(key, position.Revision, position.Sequence, tables.SaveRow(key)))];
    }

    /// <summary>
    /// Counts the rows of recent events as of a position: reads pages from the newest event backwards, until all events of a page are older
    /// than 8 weeks or <see cref="RecentEventsLimit"/> is reached.
    /// </summary>
    internal async Task<RecentRows> CountRecentAsync(StorePosition position, CancellationToken cancellationToken)
    {
        var pages = new Stack<List<SessionEvent>>();
        long newestMs = long.MinValue, oldest = Math.Max(position.Sequence - RecentEventsLimit, 0);
        for (long upTo = position.Sequence; upTo > oldest; upTo -= PageEvents)
        {
            var events = await store.ReadEventsAsync(Math.Max(upTo - PageEvents, oldest), upTo, PageEvents, cancellationToken);
            await rules.LearnTypesAsync(events, cancellationToken);
            var page = new List<SessionEvent>(events.Count);
            foreach (var stored in events) if (rules.ToSessionEvent(stored) is { } counted) page.Add(counted);
            if (page.Count == 0) continue;
            long newestOfPageMs = page.Max(counted => counted.OccurredAtMs);
            newestMs = Math.Max(newestMs, newestOfPageMs);
            if (newestOfPageMs < newestMs - RecentSpanMs) break;
            pages.Push(page);
        }

        var recent = new RecentRows();
        foreach (var page in pages)
            foreach (var counted in page)
                if (counted.OccurredAtMs >= newestMs - RecentSpanMs) recent.Add(counted);
        recent.NoteCounted(position.Revision, position.Sequence);
        return recent;
    }

    /// <summary>The sessions of users as of a sequence.</summary>
    internal async Task<Dictionary<int, UserSessions>> ReadSessionsAsync(IReadOnlyCollection<int> userKeys, long upToSequence,
        CancellationToken cancellationToken)
    {
        var sessions = new Dictionary<int, UserSessions>(userKeys.Count);
        foreach (int key in userKeys) sessions.Add(key, new UserSessions());
        foreach (int[] page in userKeys.Chunk(PageUsers))
        {
            var events = await store.ReadEventsOfUsersAsync(page, upToSequence, cancellationToken);
            await rules.LearnTypesAsync(events, cancellationToken);
            foreach (var stored in events)
            {
                if (rules.ToSessionEvent(stored) is not { } counted) continue;
                var group = sessions[stored.UserKey].FindOrAdd(stored.SessionId);
                group.Events.Add(counted);
                if (rules.IsPurchase(stored)) group.Purchases.Add(counted);
            }
        }

        return sessions;
    }

    private async Task<long> CountAsync(IReadOnlyCollection<int> userKeys, long upToSequence, TransitionTables tables, HashSet<int>? rows,
        CancellationToken cancellationToken)
    {
        var pairs = new SessionPairs(rules.Pairs);
        var baskets = new BasketPairs(rules.Baskets);
        var deltas = new List<PairDelta>();
        long events = 0;
        foreach (var user in (await ReadSessionsAsync(userKeys, upToSequence, cancellationToken)).Values)
        {
            foreach (var group in user.Groups)
            {
                events += group.Events.Count;
                deltas.Clear();
                pairs.Count(CollectionsMarshal.AsSpan(group.Events), group.HasId, deltas);
                foreach (var delta in deltas)
                    if (rows is null || rows.Contains(delta.Row)) tables.Apply(delta.Row, delta);
                deltas.Clear();
                baskets.Count(CollectionsMarshal.AsSpan(group.Purchases), group.HasId, deltas);
                foreach (var delta in deltas)
                {
                    int key = TransitionRowRecord.BasketKey(delta.Row);
                    if (rows is null || rows.Contains(key)) tables.Apply(key, delta);
                }
            }
        }

        return events;
    }
}
