using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.Streams;
using Recommender.Storage;
using Recommender.Trainer.Mixing;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Status;

/// <summary>Composes <c>GET /v1/status</c>. A part that cannot be read is a problem in the answer, not an error.</summary>
public sealed class StatusReader(
    IStore store,
    IFactorStore factorStore,
    IStreamAdministration streams,
    Progress progress,
    Reconciler reconciler,
    ScoreMixes mixes,
    TrainerOptions options,
    TimeProvider clock)
{
    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();

    public async Task<StatusResponse> ReadAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        // Read from the last stage to the first, so that no stage appears ahead of the previous one.
        var released = await TryAsync("store", () => store.GetReleasedModelAsync(cancellationToken), problems);
        long? pointer = await TryAsync("factor store", () => factorStore.GetReleasedAsync(cancellationToken), problems);
        var newest = await TryAsync("store", () => store.ListModelsAsync(1, cancellationToken), problems);
        long foldedHere = progress.Folded;
        var stored = await TryAsync("store", () => store.GetStatusAsync(cancellationToken), problems);
        var depths = await TryAsync("broker", () => streams.GetDepthsAsync(cancellationToken), problems) ?? new Dictionary<string, long>();
        var mix = await TryAsync("store", () => mixes.ReadAsync(cancellationToken), problems);
        if (reconciler.CurrentProblem is { } problem) problems.Add(problem);

        var now = clock.GetUtcNow();
        long sequence = stored?.Sequence ?? 0;
        long trained = newest is [var model, ..] ? model.Watermark : 0;
        // A message is acknowledged after its fold-in. Without waiting messages and a current batch, all stored events are therefore folded
        // in; a process that has just started has no other information. Events in the training data count as folded in.
        bool allFolded = progress.Batch is null && depths.TryGetValue(Topology.Interactions, out long depth) && depth == 0;
        long folded = allFolded ? sequence : Math.Min(Math.Max(foldedHere, trained), sequence);
        var watermarks = new Dictionary<string, long>
        {
            // The broker counts messages; the number of waiting events is an estimate.
            ["accepted"] = sequence + (long)Math.Round(depths.GetValueOrDefault(Topology.Interactions) * progress.EventsPerMessage),
            ["stored"] = sequence,
            ["folded"] = folded,
            ["trained"] = trained,
            ["released"] = released?.Watermark ?? 0,
        };
        var lags = Lags(now, depths.GetValueOrDefault(Topology.Interactions), sequence, newest is [var last, ..] ? last : null, released);
        problems.AddRange(LagAlarms.Of(lags, sequence, options));
        return new()
        {
            At = now,
            State = problems.Count == 0 ? "ok" : "degraded",
            Problems = problems.Distinct().ToList(),
            Watermarks = watermarks,
            LagSeconds = lags,
            QueueDepths = depths,
            StageMilliseconds = progress.Times.Read(),
            ReleasedVersion = pointer ?? released?.Version,
            Users = stored?.Users ?? 0,
            Items = stored?.Items ?? 0,
            Events = stored?.Events ?? 0,
            Counters = stored?.Counters ?? new(),
            Training = progress.Training.ToString(),
            ScoreMix = mix?.Status,
        };
    }

    /// <summary>
    /// Lag by stage: waiting time in seconds, or an upper bound, of the oldest event that has passed the previous stage and not this one; 0
    /// if none waits. Events that the broker does not have are not accepted, and Ingest reports their lag.
    /// </summary>
    private Dictionary<string, double> Lags(DateTimeOffset now, long waiting, long sequence, ModelInfo? newest, ModelInfo? released)
    {
        var batch = progress.Batch;
        // Messages arrive in order, so waiting messages were sent after handled ones.
        double waited = waiting > 0 ? Seconds(now - (progress.LastSentAt ?? _startedAt)) : 0;
        double inProgress = batch is null ? 0 : Seconds(now - batch.Oldest);
        return new()
        {
            ["accepted"] = 0,
            ["stored"] = batch is { IsStored: false } ? inProgress : waited,
            ["folded"] = batch is null ? waited : inProgress,
            ["trained"] = (newest?.Watermark ?? 0) < sequence ? Seconds(now - (newest?.TrainedAt ?? _startedAt)) : 0,
            ["released"] = (released?.Watermark ?? 0) < sequence ? Seconds(now - (released?.TrainedAt ?? _startedAt)) : 0,
        };

        static double Seconds(TimeSpan span) => Math.Round(Math.Max(span.TotalSeconds, 0), 3);
    }

    private static async Task<T?> TryAsync<T>(string part, Func<Task<T>> read, List<string> problems)
    {
        try
        {
            return await read();
        }
        catch (DependencyUnavailableException e)
        {
            problems.Add($"{part}: {e.Message}");
            return default;
        }
    }
}
