using Microsoft.Extensions.Logging.Abstractions;
using Recommender.FactorStore;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.TestKit;
using Recommender.Trainer.Mixing;

namespace Recommender.Trainer.Tests.Mixing;

public sealed class ScoreMixTests(Servers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<ScoreMix?> ServedAsync(IFactorStore factorStore) =>
        (await factorStore.ReadTransitionChangesAsync(long.MaxValue, 1, Cancellation)).Mix is { } bytes ? ScoreMix.Read(bytes) : null;

    private static MixWorker Worker(TrainerFixture trainer) => new(trainer.Store, trainer.Mixes, trainer.Decider, trainer.Transitions,
        trainer.Policy, trainer.Options, TrainerFixture.Pipelines, TimeProvider.System, NullLogger<MixWorker>.Instance);

    private static async Task<TrainerFixture> CreateAsync(string? postgres = null, IFactorStore? factorStore = null, int sessions = 300)
    {
        var trainer = await TrainerFixture.CreateAsync(options => options.MixEvents = 1000, postgres, factorStore: factorStore);
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await trainer.SendAsync(TrainerFixture.Chains(0, sessions));
        return trainer;
    }

    [Fact]
    public async Task Before_any_choice_a_fixed_mix_lets_new_items_be_found()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        using var worker = Worker(trainer);
        await worker.RunAsync(Cancellation);
        Assert.Null(await ServedAsync(trainer.FactorStore)); // There are no rows yet.
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await worker.RunAsync(Cancellation);
        var mix = (await ServedAsync(trainer.FactorStore))!;
        Assert.Equal((0, trainer.Policy.Fingerprint, 1d, true), (mix.Number, mix.Rules, mix.Anonymous.Model, mix.Anonymous.Rules > 0));
    }

    [Fact]
    public async Task A_training_chooses_the_mix_as_of_its_newest_event_and_the_registry_has_the_curve()
    {
        await using var trainer = await CreateAsync();
        var model = (await trainer.Training.RunAsync(Cancellation))!;
        var mix = (await ServedAsync(trainer.FactorStore))!;
        Assert.Equal((model.Watermark, trainer.Policy.Fingerprint, trainer.Policy.Table), (mix.Number, mix.Rules, mix.Transitions));
        Assert.Equal(mix.Known, mix.Mixed);
        foreach (var weights in new[] { mix.Known, mix.Anonymous })
            Assert.Contains((weights.Model, weights.Encoder), new[] { (1d, 0d), (0d, 1d) });
        var saved = (await trainer.Store.GetModelAsync(model.Version, Cancellation))!.Metrics!.Sessions!.Results;
        Assert.Equal(6, saved.Count);
        foreach (var kind in saved.GroupBy(result => result.Kind).Select(kind => kind.ToDictionary(result => result.Name)))
        {
            Assert.All(kind.Values, result => Assert.InRange(result.Questions, MixDecider.QuestionsAtLeast, 180 * 5 / 6));
            Assert.True(kind["mix"].HitRateAt20 >= kind["model"].HitRateAt20);
            Assert.True(kind["mix"].MrrAt20 > .95 && kind["rules"].MrrAt20 > .95);
        }
    }

    [Fact]
    public async Task Every_so_many_events_the_mix_is_chosen_by_those_the_model_has_not_seen()
    {
        await using var trainer = await CreateAsync();
        var model = (await trainer.Training.RunAsync(Cancellation))!;
        using var worker = Worker(trainer);
        await worker.RunAsync(Cancellation);
        Assert.Equal(1800, (await ServedAsync(trainer.FactorStore))!.Number);

        // 2,000 is reached, but only 200 events are newer than the model, of which some are the first of their session.
        await trainer.SendAsync(TrainerFixture.Chains(300, 60));
        await worker.RunAsync(Cancellation);
        var mix = (await ServedAsync(trainer.FactorStore))!;
        var status = (await trainer.Mixes.ReadAsync(Cancellation))!.Status;
        Assert.Equal((2000, 2000), (mix.Number, status.Number));
        Assert.All(status.Kinds.Values, kind => Assert.InRange(kind.Questions, 160, 168));

        // The same events give the same mix.
        var package = (await trainer.Store.ReadModelAsync(model.Version, Cancellation))!;
        var again = await trainer.Decider.DecideAsync(MixedModel.Decode(model.Version, package), 2000,
            stored => stored.Sequence > model.Watermark, Cancellation);
        Assert.Equal(mix.Write(), again!.Mix.Write());
    }

    [Fact]
    public async Task Few_questions_change_nothing()
    {
        await using var trainer = await CreateAsync();
        await trainer.Training.RunAsync(Cancellation);
        trainer.Options.MixEvents = 1810; // Ten events after the training.
        await trainer.SendAsync(TrainerFixture.Chains(300, 2));
        using var worker = Worker(trainer);
        await worker.RunAsync(Cancellation);
        Assert.Equal(1800, (await ServedAsync(trainer.FactorStore))!.Number);
    }

    [Fact]
    public async Task A_mix_never_replaces_a_later_one()
    {
        await using var trainer = await CreateAsync(sessions: 10);
        await trainer.Mixes.PublishAsync(Decision(trainer, 7, rules: 2), Cancellation);
        await trainer.Mixes.PublishAsync(Decision(trainer, 6, rules: 3), Cancellation);
        Assert.Equal(7, (await trainer.Mixes.ReadAsync(Cancellation))!.Mix.Number);
        Assert.Equal(2, (await ServedAsync(trainer.FactorStore))!.Known.Rules);
    }

    [Fact]
    public async Task The_store_keeps_the_mix_and_the_factor_store_gets_it_again_when_it_is_empty()
    {
        var redis = await servers.RedisAsync();
        await using var factorStore = FactorStores.Open(redis.ConnectionString);
        await factorStore.ClearTransitionsAsync(Cancellation);
        await using var trainer = await CreateAsync(await servers.NewDatabaseAsync(), factorStore, sessions: 10);
        await trainer.Mixes.PublishAsync(Decision(trainer, 5, rules: 2), Cancellation);
        await factorStore.ClearTransitionsAsync(Cancellation);
        Assert.Null(await ServedAsync(factorStore));
        await trainer.Transitions.RunRoundAsync(Cancellation);
        using var worker = Worker(trainer);
        await worker.RunAsync(Cancellation);
        Assert.Equal((5, 2), ((await ServedAsync(factorStore))!.Number, (await ServedAsync(factorStore))!.Known.Rules));
        await factorStore.ClearTransitionsAsync(Cancellation);
    }

    [Fact]
    public async Task A_mix_of_events_that_the_store_lost_is_followed_by_any_decision()
    {
        await using var trainer = await CreateAsync(sessions: 10);
        await trainer.Mixes.PublishAsync(Decision(trainer, 500, rules: 2), Cancellation);
        // As the follower does with rows of a store that held more.
        await trainer.FactorStore.ClearTransitionsAsync(Cancellation);
        var mix = (await trainer.Mixes.EnsureAsync(Cancellation)).Mix;
        Assert.Equal((0, 2), (mix.Number, mix.Known.Rules));
        await trainer.Mixes.PublishAsync(Decision(trainer, 60, rules: 3), Cancellation);
        Assert.Equal((60, 3), ((await ServedAsync(trainer.FactorStore))!.Number, (await ServedAsync(trainer.FactorStore))!.Known.Rules));
    }

    [Fact]
    public async Task A_backup_has_the_mix()
    {
        await using var trainer = await CreateAsync(sessions: 10);
        await trainer.Mixes.PublishAsync(Decision(trainer, 5, rules: 2), Cancellation);
        using var backup = new MemoryStream();
        await trainer.Store.BackupAsync(backup, Cancellation);
        await using var restored = await TrainerFixture.CreateAsync();
        backup.Position = 0;
        await restored.Store.RestoreAsync(backup, Cancellation);
        Assert.Equal(5, (await restored.Mixes.ReadAsync(Cancellation))!.Mix.Number);
    }

    [Fact]
    public async Task With_other_rules_the_weights_stay_and_are_for_the_new_rows()
    {
        await using var trainer = await CreateAsync(sessions: 10);
        await trainer.Mixes.PublishAsync(Decision(trainer, 5, rules: 2), Cancellation);
        await using var restarted = await TrainerFixture.CreateAsync(options => options.TransitionHalfLifeHours = 10);
        var mixes = new ScoreMixes(trainer.Store, trainer.FactorStore, restarted.Policy);
        await mixes.EnsureAsync(Cancellation);
        var mix = (await ServedAsync(trainer.FactorStore))!;
        Assert.Equal((5, 2d, restarted.Policy.Fingerprint, restarted.Policy.Table),
            (mix.Number, mix.Known.Rules, mix.Rules, mix.Transitions));
        Assert.NotEqual(trainer.Policy.Fingerprint, mix.Rules);
    }

    private static MixDecision Decision(TrainerFixture trainer, long number, double rules)
    {
        var weights = ServedWeights.ModelAlone with { Rules = rules };
        var mix = new ScoreMix
        {
            Number = number,
            Rules = trainer.Policy.Fingerprint,
            Transitions = trainer.Policy.Table,
            Known = weights,
            Anonymous = weights,
            Mixed = weights,
        };
        return new(mix, MixDecider.StatusOf(mix));
    }
}
