using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// Brings erasures to their end after <see cref="CommandWorker"/> has emptied the stores: tells every Recommend until one has confirmed and all have
/// had time to hear of it, then goes over the dead letters once more, for what was on the queue meanwhile. An erasure that nobody confirms
/// stays open and shows in health: it is not called done.
/// </summary>
public sealed class ErasureWorker(
    IStore store,
    IFactorStore factorStore,
    IStreamAdministration streams,
    INotices notices,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<ErasureWorker> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(1), s_late = TimeSpan.FromSeconds(60);
    private string? problem;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await AdvanceAsync(stoppingToken);
                await Task.Delay(s_round, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or FactorStoreUnavailableException or StreamUnavailableException)
            {
                // The part that is gone is reported where it is watched; erasures wait in the store.
                await Task.Delay(s_round, clock, CancellationToken.None);
            }
        }
    }

    /// <summary>One step for every open erasure.</summary>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        string? late = null;
        foreach (var erasure in await store.ListOpenErasuresAsync(cancellationToken))
        {
            var (id, stages) = (erasure.Receipt.ErasureId, erasure.Receipt.Stages);
            if (!stages.ContainsKey("factorStore")) continue; // Its command is being carried out, or comes again.
            var age = clock.GetUtcNow() - stages["store"];
            bool confirmed = stages.ContainsKey("serving"), settled = age >= TimeSpan.FromSeconds(options.ErasureSettleSeconds);
            if (confirmed && settled && await PassedAsync(stages["store"], cancellationToken))
            {
                await streams.RemoveDeadLettersAsync(body => UserMention.IsIn(body, erasure.UserId), cancellationToken);
                await factorStore.EraseUsersAsync([UserRef.User(erasure.UserId)], erasure.Revision, cancellationToken);
                await store.CloseErasureAsync(id, clock.GetUtcNow(), cancellationToken);
                logger.LogInformation("Erasure {ErasureId} is done.", id);
                continue;
            }

            await notices.PublishAsync(new UserErased { ErasureId = id, UserId = erasure.UserId }, cancellationToken);
            if (age > s_late) late ??= confirmed ? $"Erasure {id} waits for the events that were queued before it." : $"Erasure {id} is not confirmed by any Recommend.";
        }

        if (late is not null && Volatile.Read(ref problem) is null) logger.LogWarning("{Problem} It is tried again until it is done.", late);
        Volatile.Write(ref problem, late);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Volatile.Read(ref problem) is { } late ? HealthCheckResult.Degraded(late) : HealthCheckResult.Healthy());

    /// <summary>Whether the events that waited on the queue at a time have been taken off it.</summary>
    private async Task<bool> PassedAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        progress.LastSentAt > at || (await streams.GetDepthsAsync(cancellationToken)).GetValueOrDefault(Topology.Interactions) == 0;
}
