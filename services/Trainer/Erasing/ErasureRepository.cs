using MassTransit;
using MassTransit.Context;
using Recommender.Contracts;
using Recommender.Storage;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Persists sagas as erasures in the store. The command that applied the erasure has inserted the row, so messages never create one. The
/// erasure outlives its saga, so messages never remove one. Concurrency is optimistic: the second of two concurrent saves fails with a <see
/// cref="ConcurrencyException"/> and starts over.
/// </summary>
public sealed class ErasureRepository(IStore store, ILogger<ErasureRepository> logger) : ISagaRepository<ErasureSaga>
{
    public async Task Send<T>(ConsumeContext<T> context, ISagaPolicy<ErasureSaga, T> policy, IPipe<SagaConsumeContext<ErasureSaga, T>> next)
        where T : class
    {
        string erasureId = ErasureIdOf(context.Message);
        try
        {
            if (await store.ReadErasureAsync(erasureId, context.CancellationToken) is not { } erasure)
            {
                logger.ErasureUnknown(typeof(T).Name, erasureId);
                return;
            }

            var saga = new ErasureSaga(erasure);
            await policy.Existing(new DefaultSagaConsumeContext<ErasureSaga, T>(context, saga), next);
            if (saga.Changed() is { } changed && !await store.SaveErasureAsync(changed, context.CancellationToken))
            {
                string problem = $"Erasure {erasureId} was changed by another message";
                throw new ConcurrencyException(problem, typeof(ErasureSaga), saga.CorrelationId);
            }
        }
        catch (DependencyUnavailableException e)
        {
            // The unavailable part is reported by its own health check. The erasure is due again in the store.
            logger.ErasureWaits(e, erasureId);
        }
    }

    public Task SendQuery<T>(
        ConsumeContext<T> context,
        ISagaQuery<ErasureSaga> query,
        ISagaPolicy<ErasureSaga, T> policy,
        IPipe<SagaConsumeContext<ErasureSaga, T>> next)
        where T : class =>
        throw new NotSupportedException("Erasures are found by the id of their receipt, not by a query.");

    public void Probe(ProbeContext context) => context.Add("persistence", "store");

    private static string ErasureIdOf(object message) => message switch
    {
        ErasureApplied applied => applied.ErasureId,
        ErasureDue due => due.ErasureId,
        UserForgotten forgotten => forgotten.ErasureId,
        _ => throw new NotSupportedException($"{message.GetType().Name} is no message of an erasure."),
    };
}
