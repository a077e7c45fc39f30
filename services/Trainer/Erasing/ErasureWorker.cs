using Polly.Registry;
using Recommender.Messaging.ControlPlane;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Storage.Users;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Polls for due erasures and continues their sagas, also after a crash, a lost message or a failed step. An erasure that no instance
/// confirms stays open and degrades health.
/// </summary>
public sealed class ErasureWorker(
    IStore store, INotices notices, ResiliencePipelineProvider<string> pipelines, TimeProvider clock, ILogger<ErasureWorker> logger)
    : RepeatingWorker("Polling of due erasures", pipelines, clock, logger)
{
    private const int DueLimit = 100;
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(1), s_late = TimeSpan.FromSeconds(60);
    private string? _late;

    protected override string? Concern => Volatile.Read(ref _late);

    /// <summary>Continues all due erasures, and detects those that take too long.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        var due = await store.ClaimDueErasuresAsync(now, now + Erasure.RepeatAfter, DueLimit, cancellationToken);
        await Task.WhenAll(due.Select(id => notices.PublishAsync(new ErasureDue { ErasureId = id }, cancellationToken)));

        var open = await store.ListOpenErasuresAsync(cancellationToken);
        string? late = open.Where(erasure => now - erasure.Stages["store"] > s_late).Select(ProblemOf).FirstOrDefault();
        if (late is not null && Volatile.Read(ref _late) is null)
            logger.ErasureLate(late);
        Volatile.Write(ref _late, late);
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await PollAsync(cancellationToken);
        return s_pollInterval;
    }

    private static string ProblemOf(Erasure erasure)
    {
        if (!erasure.Stages.ContainsKey("factorStore")) return $"Erasure {erasure.ErasureId} waits for the factor store.";
        return erasure.Stages.ContainsKey("serving")
            ? $"Erasure {erasure.ErasureId} waits for the events that were queued before it."
            : $"Erasure {erasure.ErasureId} is not confirmed by any Recommend.";
    }
}
