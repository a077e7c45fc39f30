using Polly.Registry;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Learning;

/// <summary>Starts trainings: on request, after enough new events, or after enough time.</summary>
public sealed class TrainingWorker(
    IStore store,
    Training training,
    SettingsTuner tuner,
    IStreamAdministration streams,
    Progress progress,
    TrainerOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<TrainingWorker> logger) : RepeatingWorker("Training", pipelines, clock, logger)
{
    private volatile bool _running;
    private bool _isRequested;

    // Only used by rounds. A postponed training stays requested.
    private bool _isAsked;
    private DateTimeOffset? _dueSince;
    private long _seenSequence;
    private long _triedSequence = -1;
    private bool _resumed;

    /// <summary>Requests a training. False if one is running, here or in another instance; another one then follows it.</summary>
    public async Task<bool> RequestAsync(CancellationToken cancellationToken)
    {
        bool starts = !_running && await IsLeaseFreeAsync(cancellationToken);
        Volatile.Write(ref _isRequested, true);
        RequestRound();
        return starts;
    }

    protected override TimeSpan FirstPause => TimeSpan.FromSeconds(options.CheckEverySeconds);

    // A training takes long and registers a model, so it is not repeated at the rate of the pipeline.
    protected override TimeSpan? PauseWhileUnavailable => FirstPause;

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        _isAsked |= Interlocked.Exchange(ref _isRequested, false);
        try
        {
            await TrainIfDueAsync(cancellationToken);
        }
        catch (Exception e) when (e is not DependencyUnavailableException && !cancellationToken.IsCancellationRequested)
        {
            // Status and log show the failure. A training with the same events is not repeated.
            (_isAsked, _triedSequence) = (false, _seenSequence);
            progress.Training = TrainingState.Failed(e.Message);
            logger.TrainingFailed(e);
        }
        finally
        {
            _running = false;
            // Also after an interrupted search: training is idle until the next round.
            if (progress.Training.Stage != TrainingStage.Failed) progress.Training = TrainingState.Idle;
        }

        return TimeSpan.FromSeconds(options.CheckEverySeconds);
    }

    private async Task TrainIfDueAsync(CancellationToken cancellationToken)
    {
        var due = _isAsked ? null : await DueAsync(cancellationToken);
        if (due is null) _dueSince = null;
        else _dueSince ??= Clock.GetUtcNow();
        if (!_isAsked && due is null && !_resumed && await tuner.IsUnfinishedAsync(cancellationToken))
        {
            // Resumes a search that a kill interrupted, once. If it fails, the next training requests another one.
            _running = _resumed = true;
            logger.SearchResumes();
            if (await tuner.RunAsync(cancellationToken)) await training.RunAsync(cancellationToken);
            return;
        }

        if (!_isAsked && (due is null || !await QuietAsync(_dueSince!.Value, cancellationToken))) return;

        _running = _resumed = true;
        logger.TrainingStarts(due ?? "requested");
        var trained = await training.RunAsync(cancellationToken);
        // A requested training follows that of the other instance. A training that was due may not be due then.
        if (training.FoundAnother) return;
        (_dueSince, _isAsked, _triedSequence) = (null, false, _seenSequence);

        // A first model with default settings is already in service, so the search may take its time.
        if (trained is not null
            && await tuner.DueAsync((await store.GetStatusAsync(cancellationToken)).Events, trained, cancellationToken) is { } why)
        {
            logger.SearchStarts(why);
            if (await tuner.RunAsync(cancellationToken)) await training.RunAsync(cancellationToken);
        }
    }

    private async Task<bool> IsLeaseFreeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var lease = await store.TryAcquireTrainingLeaseAsync(cancellationToken);
            return lease is not null;
        }
        catch (StoreUnavailableException)
        {
            // The training is postponed until the store is available; it stays requested.
            return true;
        }
    }

    /// <summary>Why a training is due; null if none is.</summary>
    private async Task<string?> DueAsync(CancellationToken cancellationToken)
    {
        var status = await store.GetStatusAsync(cancellationToken);
        _seenSequence = status.Sequence;
        // With the same events, a failed or empty training would give the same result.
        if (status.Events < options.MinimumEvents || _seenSequence == _triedSequence) return null;
        if (await store.ListModelsAsync(1, cancellationToken) is not [var newest, ..]) return $"{status.Events} events and no model yet";

        long fresh = status.Sequence - newest.Watermark;
        if (fresh >= options.TrainAfterEvents && fresh >= options.TrainAfterGrowth * newest.Watermark) return $"{fresh} new events";
        if (fresh > 0 && Clock.GetUtcNow() - newest.TrainedAt >= TimeSpan.FromMinutes(options.TrainEveryMinutes))
            return $"the last training was {newest.TrainedAt:u}";
        return null;
    }

    /// <summary>Whether events have paused, or have continued for too long to wait.</summary>
    private async Task<bool> QuietAsync(DateTimeOffset dueSince, CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        if (now - dueSince >= TimeSpan.FromSeconds(options.QuietAtMostSeconds)) return true;
        if (progress.LastStoredTicks != 0 && now.UtcTicks - progress.LastStoredTicks < TimeSpan.FromSeconds(options.QuietSeconds).Ticks)
            return false;
        return (await streams.GetDepthsAsync(cancellationToken)).GetValueOrDefault(Topology.Interactions) == 0;
    }
}
