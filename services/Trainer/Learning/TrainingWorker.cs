using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.Streams;
using Recommender.Storage;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Learning;

/// <summary>Decides when to train: on request, after enough new events, after enough time.</summary>
public sealed class TrainingWorker(
    IStore store,
    Training training,
    SettingsTuner tuner,
    IStreamAdministration streams,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<TrainingWorker> logger) : BackgroundService
{
    private readonly AsyncSignal _requested = new();
    private volatile bool _running;
    private long _seenSequence;
    private long _triedSequence = -1;
    private bool _resumed;

    /// <summary>Asks for a training. False when one is running, here or in another instance: another follows it.</summary>
    public async Task<bool> RequestAsync(CancellationToken cancellationToken)
    {
        bool starts = !_running && await IsLeaseFreeAsync(cancellationToken);
        _requested.Set();
        return starts;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset? dueSince = null;
        // A training that was asked for and put off is still asked for.
        bool asked = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                asked |= await WaitAsync(stoppingToken);
                var due = asked ? null : await DueAsync(stoppingToken);
                if (due is null) dueSince = null;
                else dueSince ??= clock.GetUtcNow();
                if (!asked && due is null && !_resumed && await tuner.IsUnfinishedAsync(stoppingToken))
                {
                    // What a kill cut short. Once: should it fail, the next training asks for another.
                    _running = _resumed = true;
                    logger.LogInformation("The search for settings goes on where it was cut short.");
                    if (await tuner.RunAsync(stoppingToken)) await training.RunAsync(stoppingToken);
                    continue;
                }

                if (!asked && (due is null || !await QuietAsync(dueSince!.Value, stoppingToken))) continue;

                _running = _resumed = true;
                logger.LogInformation("Training starts: {Reason}.", due ?? "asked for");
                var trained = await training.RunAsync(stoppingToken);
                // What was asked for follows when the other instance has ended; what was due may be due no longer by then.
                if (training.FoundAnother) continue;
                (dueSince, asked, _triedSequence) = (null, false, _seenSequence);

                // A first model with middling settings is in service by now; better settings are worth waiting for.
                if (trained is not null && await tuner.DueAsync((await store.GetStatusAsync(stoppingToken)).Events, trained,
                    stoppingToken) is { } why)
                {
                    logger.LogInformation("A search for settings starts: {Reason}.", why);
                    if (await tuner.RunAsync(stoppingToken)) await training.RunAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or FactorStoreUnavailableException or StreamUnavailableException)
            {
                logger.LogWarning("Training put off: {Problem}", e.Message);
            }
            catch (Exception e)
            {
                // A failed training must not end the event path that shares this process; status and log show it.
                (asked, _triedSequence) = (false, _seenSequence);
                progress.Training = TrainingState.Failed(e.Message);
                logger.LogError(e, "Training failed.");
            }
            finally
            {
                _running = false;
                // Also after a search that was cut short: nothing is being done until the next round.
                if (progress.Training.Stage != TrainingStage.Failed) progress.Training = TrainingState.Idle;
            }
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
            // The training is put off until the store is back; it is asked for all the same.
            return true;
        }
    }

    /// <summary>True when a training was asked for, false when it is time to look at the conditions.</summary>
    private async Task<bool> WaitAsync(CancellationToken stoppingToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(options.CheckEverySeconds));
        try
        {
            await _requested.WaitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Why a training is due, or null.</summary>
    private async Task<string?> DueAsync(CancellationToken cancellationToken)
    {
        var status = await store.GetStatusAsync(cancellationToken);
        _seenSequence = status.Sequence;
        // The same events that just failed, or held nothing to learn, would do so again.
        if (status.Events < options.MinimumEvents || _seenSequence == _triedSequence) return null;
        if (await store.ListModelsAsync(1, cancellationToken) is not [var newest, ..]) return $"{status.Events} events and no model yet";

        long fresh = status.Sequence - newest.Watermark;
        if (fresh >= options.TrainAfterEvents && fresh >= options.TrainAfterGrowth * newest.Watermark) return $"{fresh} new events";
        if (fresh > 0 && clock.GetUtcNow() - newest.TrainedAt >= TimeSpan.FromMinutes(options.TrainEveryMinutes))
            return $"the last training was {newest.TrainedAt:u}";
        return null;
    }

    /// <summary>Whether events have stopped coming for a while, or have gone on coming for too long to wait.</summary>
    private async Task<bool> QuietAsync(DateTimeOffset dueSince, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now - dueSince >= TimeSpan.FromSeconds(options.QuietAtMostSeconds)) return true;
        if (progress.LastStoredTicks != 0 && now.UtcTicks - progress.LastStoredTicks < TimeSpan.FromSeconds(options.QuietSeconds).Ticks)
            return false;
        return (await streams.GetDepthsAsync(cancellationToken)).GetValueOrDefault(Topology.Interactions) == 0;
    }
}
