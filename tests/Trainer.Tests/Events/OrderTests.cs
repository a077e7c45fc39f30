using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Tests.Events;

/// <summary>In whatever order, grouping and number events arrive, users and items end in the state that their stored history
/// says.</summary>
public class OrderTests(Servers servers)
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] s_types = ["view", "purchase", "rating", "dislike", "cart"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 6)]
    [InlineData(true, 3)]
    public async Task However_events_arrive_users_and_items_end_as_if_they_had_come_in_order(bool postgres, int seeds)
    {
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            // Past events of circle items, at times of their own.
            var events = Enumerable.Range(0, 60)
                .Select(n => TrainerFixture.Event($"user-{random.Next(4)}", $"item-{random.Next(2)}-{random.Next(10)}",
                s_start.AddMinutes(n * 90), s_types[random.Next(s_types.Length)]) with
                { Value = random.Next(1, 6) }).ToArray();

            await using var ordered = await CreateAsync(postgres);
            foreach (var one in events) await ordered.SendAsync(one);
            await using var shuffled = await CreateAsync(postgres);
            random.Shuffle(events);
            var messages = new List<Interaction[]>();
            for (int n = 0; n < events.Length;)
            {
                int size = Math.Min(random.Next(1, 6), events.Length - n);
                messages.Add(events[n..(n + size)]);
                // At least once means now and then twice.
                if (random.Next(4) == 0) messages.Add(events[Math.Max(0, n - 3)..(n + size)]);
                n += size;
            }

            foreach (var together in messages.Chunk(2)) await shuffled.SendAsync(together[0], together[^1]);

            for (int user = 0; user < 4; user++)
            {
                byte[] expected = (await ordered.FactorStore.GetUserAsync(UserRef.User($"user-{user}")))!,
                    actual = (await shuffled.FactorStore.GetUserAsync(UserRef.User($"user-{user}")))!;
                // The first 8 bytes are the revision, which counts batches.
                Assert.True(expected.AsSpan(8).SequenceEqual(actual.AsSpan(8)), $"seed {seed}, user-{user}");
            }

            var expectedItems = (await ordered.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items.ToDictionary(item =>
                item.ItemId);
            var actualItems = (await shuffled.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items;
            Assert.Equal(expectedItems.Count, actualItems.Count);
            Assert.All(actualItems, item =>
            {
                Assert.Equal(expectedItems[item.ItemId].Popularity, item.Popularity, 1e-9);
                Assert.Equal(expectedItems[item.ItemId].Trend, item.Trend, 1e-9);
            });
            await AssertEqualsRebuildAsync(shuffled);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_of_one_user_in_flight_at_once_end_in_the_state_of_all(bool postgres)
    {
        await using var trainer = await CreateAsync(postgres);
        for (int round = 0; round < 10; round++)
        {
            Interaction Event(int i) => TrainerFixture.Event($"new-{round}", $"item-{i % 2}-{i}", s_start.AddMinutes(i));
            await trainer.SendAsync([Event(0)], [Event(1)]);
            await trainer.SendAsync([Event(2), Event(3)], [Event(4)]);
            Assert.Equal(5, (await trainer.ReadUserAsync(UserRef.User($"new-{round}")))!.Value.History.Length);
        }

        await AssertEqualsRebuildAsync(trainer);
    }

    [Fact]
    public async Task A_late_event_takes_its_place_by_when_it_occurred()
    {
        await using var trainer = await CreateAsync(postgres: false);
        await trainer.SendAsync(TrainerFixture.Event("u", "item-0-1", s_start.AddDays(2)));
        await trainer.SendAsync(TrainerFixture.Event("u", "item-0-2", s_start));

        var history = (await trainer.ReadUserAsync(UserRef.User("u")))!.Value.History;
        Assert.Equal([s_start.AddDays(2).ToUnixTimeSeconds(), s_start.ToUnixTimeSeconds()], history.Select(h => (long)h.LastAtSeconds));
    }

    /// <summary>What the event path has written, a rebuild from the store writes too, to the bit.</summary>
    private static async Task AssertEqualsRebuildAsync(TrainerFixture trainer)
    {
        var rebuilt = new InProcessFactorStore();
        await new Folding(trainer.Store, rebuilt, trainer.Released, TrainerFixture.Weights, trainer.Options).FoldInAllAsync(Cancellation);
        foreach (int key in await trainer.Store.ListUserKeysAsync(0, 1000, Cancellation))
        {
            var user = (await trainer.Store.ReadUserEventsAsync([key], Cancellation))[0].User;
            Assert.Equal(await rebuilt.GetUserAsync(user), await trainer.FactorStore.GetUserAsync(user));
        }
    }

    /// <summary>A trainer with a released model of two circles. Items and event types have the same keys each time.</summary>
    private async Task<TrainerFixture> CreateAsync(bool postgres)
    {
        var trainer = await TrainerFixture.CreateAsync(postgres: postgres ? await servers.NewDatabaseAsync() : null);
        await trainer.SendAsync(TrainerFixture.Circles());
        foreach (string type in s_types) await trainer.SendAsync(TrainerFixture.Event("other", "item-0-0", s_start, type));
        await trainer.Training.RunAsync(Cancellation);
        await trainer.Folding.FoldInAllAsync(Cancellation);
        return trainer;
    }
}
