using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Trainer.Events;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Tests.Learning;

/// <summary>A model brings the event weights it was trained with; the configuration of a service counts for the next training
/// alone.</summary>
public class ModelWeightsTests
{
    private static readonly DateTimeOffset s_start = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EventWeights s_other =
        EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["view"] = new() { Weight = 9 } });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Users_are_folded_in_with_the_weights_of_the_released_model()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync(TrainerFixture.Event("u", "item-0-0", s_start), TrainerFixture.Event("u", "item-0-1", s_start));
        var before = (await trainer.ReadUserAsync(UserRef.User("u")))!.Value;

        // After a restart with another configuration.
        var folding = new Folding(trainer.Store, trainer.FactorStore, trainer.Released, s_other, trainer.Options);
        await folding.FoldInAllAsync(Cancellation);
        var after = (await trainer.ReadUserAsync(UserRef.User("u")))!.Value;
        Assert.Equal([1f, 1f], after.History.Select(h => h.Weight));
        Assert.Equal(before.Factor, after.Factor);
    }

    [Fact]
    public async Task Until_a_model_is_released_the_configuration_counts()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("u", "i", s_start));
        await new Folding(trainer.Store, trainer.FactorStore, trainer.Released, s_other, trainer.Options).FoldInAllAsync(Cancellation);
        Assert.Equal(9, Assert.Single((await trainer.ReadUserAsync(UserRef.User("u")))!.Value.History).Weight);
    }

    [Fact]
    public async Task A_model_that_is_rolled_back_to_brings_its_weights()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => o.GateTolerance = 1);
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.SendAsync(TrainerFixture.Event("u", "item-0-0", s_start));
        var first = (await trainer.Training.RunAsync(Cancellation))!;
        var training = new Training(
            trainer.Store, trainer.FactorStore, trainer.Reconciler, trainer.Tuner, new DriftMeter(trainer.Store),
            trainer.SessionTraining, trainer.Mixes, s_other, trainer.Progress, trainer.Options, TimeProvider.System,
            NullLogger<Training>.Instance);
        var second = (await training.RunAsync(Cancellation))!;
        await trainer.Reconciler.ReleaseAsync(second.Version, Cancellation);
        Assert.Equal(9, await WeightAsync());
        await trainer.Reconciler.ReleaseAsync(first.Version, Cancellation);
        Assert.Equal(1, await WeightAsync());

        async Task<float> WeightAsync()
        {
            await trainer.Folding.FoldInAllAsync(Cancellation);
            return Assert.Single((await trainer.ReadUserAsync(UserRef.User("u")))!.Value.History).Weight;
        }
    }
}
