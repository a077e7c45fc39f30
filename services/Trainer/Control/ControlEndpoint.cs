using MassTransit;
using Recommender.FactorStore;
using Recommender.Storage;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Control;

/// <summary>
/// The queue of requests for trainings and releases, which all Trainers share. One of them executes a request and answers.
/// </summary>
public static class ControlEndpoint
{
    public const string QueueName = "trainer-requests";

    public static void Configure(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        // Resolved per message, because objects that publish on the bus cannot be resolved while it is built.
        endpoint.Handler<RequestTraining>(async context =>
        {
            if (IsExpired(context, services)) return;
            var training = services.GetRequiredService<TrainingWorker>();
            await context.RespondAsync(new TrainingRequested { StartsNow = await training.RequestAsync(context.CancellationToken) });
        });
        endpoint.Handler<RequestRelease>(async context =>
        {
            if (IsExpired(context, services)) return;
            var reconciler = services.GetRequiredService<Reconciler>();
            await context.RespondAsync(await ReleaseAsync(reconciler, context.Message.Version, context.CancellationToken));
        });
    }

    /// <summary>
    /// Whether the sender has stopped waiting and executed the request itself. A delayed request must not undo a later release.
    /// </summary>
    private static bool IsExpired(ConsumeContext context, IServiceProvider services) =>
        context.ExpirationTime <= services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;

    private static async Task<ReleaseEnded> ReleaseAsync(Reconciler reconciler, long version, CancellationToken cancellationToken)
    {
        try
        {
            bool isReleased = await reconciler.ReleaseAsync(version, cancellationToken) is not null;
            return new() { Outcome = isReleased ? ReleaseOutcome.Released : ReleaseOutcome.Dropped };
        }
        catch (StoreUnavailableException e)
        {
            return new() { Outcome = ReleaseOutcome.StoreUnavailable, Problem = e.Message };
        }
        catch (FactorStoreUnavailableException e)
        {
            return new() { Outcome = ReleaseOutcome.FactorStoreUnavailable, Problem = e.Message };
        }
    }
}
