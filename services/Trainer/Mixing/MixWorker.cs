using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Mixing;

/// <summary>
/// Chooses a score mix again after every <see cref="TrainerOptions.MixEvents"/> stored events, by those that the released model was not
/// trained on, and keeps the factor store's copy up to date. Several instances choose the same.
/// </summary>
public sealed class MixWorker(
    IStore store,
    ScoreMixes mixes,
    MixDecider decider,
    TransitionFollower follower,
    TransitionPolicy policy,
    TrainerOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<MixWorker> logger) : RepeatingWorker("Choice of the score mix", pipelines, clock, logger)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private (long Number, long Version) _tried;

    protected override bool IsEnabled => !policy.IsOff;

    /// <summary>Runs one round. Public for tests.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Without rows there is nothing to mix, and an instance with replaced rules leaves the mix alone.
        if (!follower.IsFollowing) return;
        var current = await mixes.EnsureAsync(cancellationToken);
        if (options.MixEvents == 0) return;
        long number = (await store.GetPositionAsync(cancellationToken)).Sequence / options.MixEvents * options.MixEvents;
        if (number <= current.Mix.Number) return;
        if (await store.GetReleasedModelAsync(cancellationToken) is not { } released || released.Watermark >= number) return;
        if (_tried == (number, released.Version)) return;
        _tried = (number, released.Version);
        if (await DecideAsync(released, number, cancellationToken) is { } decision)
            await mixes.PublishAsync(decision, cancellationToken);
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await RunAsync(cancellationToken);
        return s_interval;
    }

    private async Task<MixDecision?> DecideAsync(ModelInfo released, long number, CancellationToken cancellationToken)
    {
        if (await store.ReadModelAsync(released.Version, cancellationToken) is not { } package) return null;
        long seen = Math.Max(released.Watermark, number - options.MixEvents);
        return await decider.DecideAsync(MixedModel.Decode(released.Version, package), number, stored => stored.Sequence > seen,
            cancellationToken);
    }
}
