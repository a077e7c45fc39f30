using Polly.Registry;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Storage.Insights;

namespace Recommender.Insights.Attribution;

/// <summary>
/// Follows the stored events and counts those that came of an answer. Reads them from the store by their sequence: there each is once, and
/// what the Trainer consumes stays its own. It stays behind for <see cref="InsightsOptions.AttributionDelaySeconds"/>, so that answers are
/// stored before what came of them.
/// </summary>
internal sealed class AttributionWorker(IStore store, OutcomeFinder finder, InsightsOptions options,
    ResiliencePipelineProvider<string> pipelines, TimeProvider clock, ILogger<AttributionWorker> logger)
    : RepeatingWorker("Attribution", pipelines, clock, logger)
{
    private const int BatchLength = 200;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1), s_cleanEvery = TimeSpan.FromMinutes(1);

    // How far the store was, and when.
    private readonly Queue<(DateTimeOffset At, long Sequence)> _positions = new();
    private long _ready;
    private DateTimeOffset _cleanedAt;

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        _positions.Enqueue((now, (await store.GetPositionAsync(cancellationToken)).Sequence));
        while (_positions.TryPeek(out var seen) && now - seen.At >= TimeSpan.FromSeconds(options.AttributionDelaySeconds))
            _ready = _positions.Dequeue().Sequence;

        long? last = await store.GetAttributedSequenceAsync(cancellationToken);
        if (last is null)
        {
            // Nothing that happened before came of a recorded answer.
            await store.AddOutcomesAsync([], null, _positions.Last().Sequence, now, cancellationToken);
            return s_pause;
        }

        for (long after = last.Value; after < _ready;)
        {
            var events = await store.ReadAttributionEventsAsync(after, _ready, BatchLength, cancellationToken);
            long through = events.Count < BatchLength ? _ready : events[^1].Sequence;
            var outcomes = new List<Outcome>();
            foreach (var e in events)
                if (await finder.FindAsync(e, cancellationToken) is { } outcome) outcomes.Add(outcome);
            var openUntil = now.AddMinutes(options.OpenOutcomeMinutes);
            // Another instance may be further.
            if (!await store.AddOutcomesAsync(outcomes, after, through, openUntil, cancellationToken)) break;
            after = through;
        }

        if (now - _cleanedAt >= s_cleanEvery)
        {
            _cleanedAt = now;
            await store.RemoveOpenOutcomesAsync(now, cancellationToken);
        }

        return s_pause;
    }
}
