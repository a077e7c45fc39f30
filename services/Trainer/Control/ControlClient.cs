using MassTransit;
using Recommender.FactorStore;
using Recommender.Storage;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Control;

/// <summary>
/// Sends requests for trainings and releases over the bus. Without a bus, or without an answer in time, this instance executes the request
/// itself, because a rollback must not wait for the broker. Both requests are repeatable. A request that arrives too late is ignored.
/// </summary>
public sealed class ControlClient(IBusControl bus, TrainingWorker training, Reconciler reconciler, ILogger<ControlClient> logger)
{
    private static readonly RequestTimeout s_trainingTimeout = RequestTimeout.After(s: 5), s_releaseTimeout = RequestTimeout.After(s: 10);

    /// <summary>Requests a training. False if one is running; another one then follows it.</summary>
    public async Task<bool> RequestTrainingAsync(CancellationToken cancellationToken) =>
        await AskAsync<RequestTraining, TrainingRequested>(new(), s_trainingTimeout, cancellationToken) is { } answer
            ? answer.StartsNow
            : await training.RequestAsync(cancellationToken);

    /// <summary>Releases a version of the registry. False if its bytes no longer exist.</summary>
    public async Task<bool> ReleaseAsync(long version, CancellationToken cancellationToken)
    {
        if (await AskAsync<RequestRelease, ReleaseEnded>(new() { Version = version }, s_releaseTimeout, cancellationToken) is not { } ended)
            return await reconciler.ReleaseAsync(version, cancellationToken) is not null;
        return ended.Outcome switch
        {
            ReleaseOutcome.StoreUnavailable => throw new StoreUnavailableException(ended.Problem!),
            ReleaseOutcome.FactorStoreUnavailable => throw new FactorStoreUnavailableException(ended.Problem!),
            _ => ended.Outcome == ReleaseOutcome.Released,
        };
    }

    /// <summary>The answer; null if the bus is down or no instance answered.</summary>
    private async Task<TAnswer?> AskAsync<TRequest, TAnswer>(TRequest request, RequestTimeout timeout, CancellationToken cancellationToken)
        where TRequest : class
        where TAnswer : class
    {
        if (bus.CheckHealth().Status != BusHealthStatus.Healthy) return null;
        // The timeout of the request starts when the broker has accepted it, which a frozen broker never does.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout.Value);
        try
        {
            // Cancellation does not end the declaration of exchanges. On a thread of its own, nothing that the bus does holds back the
            // answer.
            return (await Task.Run(() => bus.CreateRequestClient<TRequest>(timeout).GetResponse<TAnswer>(request, patience.Token),
                cancellationToken).WaitAsync(patience.Token)).Message;
        }
        catch (Exception e) when (e is RequestException or TransportException or ConnectionException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            logger.RequestUnanswered(typeof(TRequest).Name, e.Message);
            return null;
        }
    }
}
