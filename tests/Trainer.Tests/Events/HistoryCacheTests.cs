using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Users;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Tests.Events;

public class HistoryCacheTests
{
    private static StoredEvent Event(int itemKey, long atMs) => new(itemKey, 0, 1, atMs);

    private static UserAddition Addition(int userKey, long priorRevision, params StoredEvent[] events) =>
        new(userKey, UserRef.User($"u{userKey}"), priorRevision, events);

    [Fact]
    public void A_history_grows_by_what_is_added_in_the_order_of_times()
    {
        var cache = new HistoryCache(100);
        Assert.Equal([1], cache.Add(Addition(7, 0, Event(1, 50)), 3)!.Events.Select(e => e.ItemKey));
        var history = cache.Add(Addition(7, 3, Event(2, 90), Event(3, 10), Event(4, 50)), 5)!;
        Assert.Equal([3, 1, 4, 2], history.Events.Select(e => e.ItemKey));
        Assert.Equal((5, UserRef.User("u7")), (history.Revision, history.User));
    }

    [Fact]
    public void Whatever_else_changed_the_user_the_history_is_not_known_any_more()
    {
        var cache = new HistoryCache(100);
        cache.Add(Addition(7, 0, Event(1, 50)), 3);
        Assert.Null(cache.Add(Addition(7, 4, Event(2, 60)), 5));
        Assert.Null(cache.Add(Addition(7, 5, Event(3, 70)), 6));
        Assert.Equal(0, cache.Size);

        cache.Put(new UserEvents
        {
            UserKey = 7,
            User = UserRef.User("u7"),
            Revision = 6,
            Events = [Event(1, 50), Event(2, 60), Event(3, 70)]
        });
        Assert.Equal(4, cache.Add(Addition(7, 6, Event(4, 80)), 9)!.Events.Count);
    }

    [Fact]
    public void Users_not_seen_for_longest_go_first_and_a_forgotten_one_at_once()
    {
        var cache = new HistoryCache(4 + (2 * HistoryCache.EventsPerUser));
        cache.Add(Addition(1, 0, Event(1, 1), Event(2, 2)), 1);
        cache.Add(Addition(2, 0, Event(1, 1), Event(2, 2)), 2);
        cache.Add(Addition(1, 1, Event(3, 3)), 3);
        cache.Trim();
        Assert.Equal(3 + HistoryCache.EventsPerUser, cache.Size);
        Assert.Null(cache.Add(Addition(2, 2, Event(3, 3)), 4));

        cache.Forget(UserRef.User("u1"));
        Assert.Equal(0, cache.Size);
    }
}
