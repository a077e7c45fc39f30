using Recommender.Contracts;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;
using Recommender.Storage.Events;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Tests.Learning;

public class JudgingTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Users who come again and again for what they have had already: there is something to learn and nothing to judge
    /// by.</summary>
    private static Interaction[] Repeats(int days) =>
        [.. from day in Enumerable.Range(0, days) from user in Enumerable.Range(0,
            10) select TrainerFixture.Event($"u{user}", $"i{user % 5}", s_start.AddDays(day).AddMinutes(user))];

    [Fact]
    public async Task What_cannot_be_judged_replaces_no_model_in_service()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(Repeats(days: 20));
        var first = (await trainer.Training.RunAsync(Cancellation))!;
        Assert.Null(first.Metrics);
        Assert.StartsWith("Released unjudged", first.Reason);
        Assert.Equal(first.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));

        await trainer.SendAsync(Repeats(days: 25));
        var second = (await trainer.Training.RunAsync(Cancellation))!;
        Assert.Null(second.Metrics);
        Assert.Equal(ModelState.Rejected, second.State);
        Assert.StartsWith("Rejected: there are no held-out events", second.Reason);
        Assert.Equal(first.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));

        // A person may still release it.
        Assert.NotNull(await trainer.Reconciler.ReleaseAsync(second.Version, Cancellation));
        Assert.Equal(second.Version, await trainer.FactorStore.GetReleasedAsync(Cancellation));
    }

    [Fact]
    public async Task A_search_ends_with_a_race_on_windows_it_has_not_seen()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => (o.TuneBudgetSeconds, o.TuneMaxRank) = (8, 8));
        await trainer.SendAsync(TrainerFixture.Circles());
        Assert.True(await trainer.Tuner.RunAsync(Cancellation));
        var state = TuningState.FromJson((await trainer.Store.GetSettingAsync("tuning", Cancellation))!.Value.GetRawText());
        Assert.NotEmpty(state.Finals);
        var chosen = LearnerSettings.FromJson(
            (await trainer.Store.GetSettingAsync(SettingsTuner.SettingsName, Cancellation))!.Value.GetRawText());
        Assert.Equal(state.BestOf(t => t.Settings is not (PopularitySettings or NeighbourhoodSettings))!.Settings, chosen);
    }

    [Fact]
    public void Stored_events_and_the_entries_of_a_data_set_are_divided_alike()
    {
        var random = new Random(5);
        var events = Enumerable.Range(0, 1500).Select(n => (User: random.Next(60), Item: random.Next(40), Second: n / 2)).ToArray();
        // Dense indexes of users are in order of their first event.
        var users = events.Select(e => e.User).Distinct().ToList();
        var stored = TrainingData.Build(
            new InteractionLog
            {
                UserKeys = [.. events.Select(e => 10 + e.User)],
                ItemKeys = [.. events.Select(e => 100 + e.Item)],
                TypeIds = new short[events.Length],
                Values = [.. events.Select(_ => float.NaN)],
                OccurredAtMs = [.. events.Select(e => e.Second * 1000L)],
            },
            Enumerable.Range(0, 40).ToDictionary(i => 100 + i, i => $"item-{i:00}"), ["view"], EventWeights.Create());
        var (product, benchmark) = (TimeWindows.ForSearch(stored),
            TimeWindows.ForSearch(new TimedEntries(60, 40,
                events.Select(e => new TimedEntry(new Entry(users.IndexOf(e.User), e.Item), e.Second)))));
        Assert.Equal(4, product.Holdouts.Count);
        foreach (var (mine, theirs) in product.Holdouts.Concat(product.Finals).Zip(benchmark.Holdouts.Concat(benchmark.Finals)))
        {
            Assert.Equal(theirs.Train.Users.Columns, mine.Train.Users.Columns);
            Assert.Equal(theirs.Test.Columns, mine.Test.Columns);
            Assert.Equal(theirs.Test.Starts, mine.Test.Starts);
        }
    }
}
