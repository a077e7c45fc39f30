using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Storage;
using Recommender.TestKit;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Tests.Learning;

public class SettingsTunerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_that_takes_its_time_does_not_hold_the_search_up()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => (o.TuneBudgetSeconds, o.TuneMaxRank) = (600, 8));
        await trainer.SendAsync(TrainerFixture.Circles());
        var kept = new TaskCompletionSource();
        var store = StoreProxy.Over(trainer.Store, (method, args) =>
            method.Name == nameof(IStore.PutSettingAsync) && (string)args[0]! == "tuning" ? kept.Task : null);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var progress = new Progress();
        var tuner = new SettingsTuner(store, TrainerFixture.Weights, progress, trainer.Options, NullLogger<SettingsTuner>.Instance);
        var search = tuner.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => progress.Training is { Stage: TrainingStage.Tuning, Done: >= 5 });
        await stop.CancelAsync();
        kept.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search);
    }

    [Fact]
    public async Task A_store_that_cannot_keep_what_was_found_ends_the_search()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => (o.TuneBudgetSeconds, o.TuneMaxRank) = (600, 8));
        await trainer.SendAsync(TrainerFixture.Circles());
        var store = StoreProxy.Over(trainer.Store, (method, args) => method.Name == nameof(IStore.PutSettingAsync)
            && (string)args[0]! == "tuning"
            ? Task.FromException(new StoreUnavailableException("The disk is full."))
            : null);
        var tuner = new SettingsTuner(store, TrainerFixture.Weights, new Progress(), trainer.Options, NullLogger<SettingsTuner>.Instance);
        Assert.Equal("The disk is full.",
            (await Assert.ThrowsAsync<StoreUnavailableException>(() => tuner.RunAsync(Cancellation))).Message);
    }
}
