using MassTransit;
using Recommender.FactorStore;
using Recommender.Storage;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Control;

/// <summary>
/// Sends requests to train and to release over the bus. Without a bus, or without an answer in time, this instance carries the request out:
/// a rollback must not wait for the broker. Both may be repeated. A request that arrives after its time is ignored.
/// </summary>
public sealed class ControlClient(IBusControl bus, TrainingWorker training, Reconciler reconciler, ILogger<ControlClient> logger)
{
    private static readonly RequestTimeout s_trainingTimeout = RequestTimeout.After(s: 5), s_releaseTimeout = RequestTimeout.After(s: 10);

    /// <summary>Asks for a training. False when one is running: another follows it.</summary>
    public async Task<bool> RequestTrainingAsync(CancellationToken cancellationToken) =>
        await AskAsync<RequestTraining, TrainingRequested>(new(), s_trainingTimeout, cancellationToken) is { } answer
            ? answer.StartsNow
            : await training.RequestAsync(cancellationToken);

    /// <summary>Releases a version that the registry has. False when its bytes are not there any more.</summary>
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

    /// <summary>Null when the bus is down or nobody answered.</summary>
    private async Task<TAnswer?> AskAsync<TRequest, TAnswer>(TRequest request, RequestTimeout timeout, CancellationToken cancellationToken)
        where TRequest : class
        where TAnswer : class
    {
        if (bus.CheckHealth().Status != BusHealthStatus.Healthy) return null;
        // The request's own timeout begins when the broker has taken it, which one that hangs never does.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout.Value);
        try
        {
            // Setting up exchanges does not end with its token.
            return (await bus.CreateRequestClient<TRequest>(timeout).GetResponse<TAnswer>(request, patience.Token)
                .WaitAsync(patience.Token)).Message;
        }
        catch (Exception e) when (e is RequestException or TransportException or ConnectionException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            logger.RequestUnanswered(typeof(TRequest).Name, e.Message);
            return null;
        }
    }
}
