using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.Parsing;
using Recommender.Messaging.Streams;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Erasing;

/// <summary>The steps of <see cref="ErasureStateMachine"/>. Each is repeatable.</summary>
public sealed class ErasureSteps(
    IStore store,
    IFactorStore factorStore,
    IStreamAdministration streams,
    INotices notices,
    TransitionFollower transitions,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<ErasureSteps> logger)
{
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(1);

    public void Complete(ErasureSaga saga, string stage) => saga.Complete(stage, clock.GetUtcNow());

    /// <summary>Removes the user from the factor store, their part in statistics and transitions of items, and their dead
    /// letters.</summary>
    /// <param name="items">Current statistics of the items that lost events. Null if unknown.</param>
    public async Task EraseFromFactorStoreAsync(ErasureSaga saga, IReadOnlyList<ItemStatistics>? items, CancellationToken cancellationToken)
    {
        string userId = UserIdOf(saga);
        // With the revision, so that a concurrent fold-in of another instance does not restore the user.
        await factorStore.EraseUsersAsync([UserRef.User(userId)], saga.Revision, cancellationToken);
        if (items is not null) await CatalogueCopy.PutStatisticsAsync(factorStore, items, saga.Revision, cancellationToken);
        else await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
        await transitions.RecountAsync(saga.ItemKeys, cancellationToken);
        await streams.RemoveDeadLettersAsync(body => UserMention.IsIn(body, userId), cancellationToken);
        logger.UserErased(saga.ErasureId);
    }

    /// <summary>Notifies every instance of Recommend and of the Trainer, again at each due time until the next stage.</summary>
    public async Task NotifyServingAsync(ErasureSaga saga, CancellationToken cancellationToken)
    {
        saga.DueAt = clock.GetUtcNow() + s_pollInterval;
        await notices.PublishAsync(new UserErased { ErasureId = saga.ErasureId, UserId = UserIdOf(saga) }, cancellationToken);
    }

    /// <summary>An instance of Recommend has confirmed. The next round handles the queues.</summary>
    public void AwaitQueues(ErasureSaga saga) => saga.DueAt = clock.GetUtcNow() + s_pollInterval;

    /// <summary>
    /// Whether all instances have had time to receive the notice, and all events queued before the erasure have been consumed.
    /// </summary>
    public async Task<bool> HaveQueuesPassedAsync(ErasureSaga saga, CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() - saga.StoredAt < TimeSpan.FromSeconds(options.ErasureSettleSeconds)) return false;
        if (progress.LastSentAt > saga.StoredAt) return true;
        var depths = await streams.GetDepthsAsync(cancellationToken);
        return depths.GetValueOrDefault(Topology.Interactions) == 0;
    }

    /// <summary>
    /// Erases events that were queued meanwhile from dead letters and factor store, and removes the user id from the erasure.
    /// </summary>
    public async Task CloseAsync(ErasureSaga saga, CancellationToken cancellationToken)
    {
        string userId = UserIdOf(saga);
        await streams.RemoveDeadLettersAsync(body => UserMention.IsIn(body, userId), cancellationToken);
        await factorStore.EraseUsersAsync([UserRef.User(userId)], saga.Revision, cancellationToken);
        saga.UserId = null;
        saga.DueAt = saga.ModelVersion is null ? null : clock.GetUtcNow();
        logger.ErasureCompleted(saga.ErasureId);
    }

    private static string UserIdOf(ErasureSaga saga) =>
        saga.UserId ?? throw new InvalidOperationException($"Erasure {saga.ErasureId} is in state {saga.CurrentState} without a user id.");
}
