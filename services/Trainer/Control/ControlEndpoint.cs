using MassTransit;
using Recommender.FactorStore;
using Recommender.Storage;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Control;

/// <summary>The queue of requests to train and to release, which all Trainers share: one carries it out and answers.</summary>
public static class ControlEndpoint
{
    public const string QueueName = "trainer-requests";

    public static void Configure(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        // Resolved per message: while the bus is built, nothing that publishes on it can be.
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
    /// The sender has stopped waiting and carried the request out. One that was held up on its way must not undo a later release.
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
