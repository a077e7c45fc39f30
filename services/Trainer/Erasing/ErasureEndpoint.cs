using MassTransit;

namespace Recommender.Trainer.Erasing;

/// <summary>The queue of the saga's messages, which all Trainers share.</summary>
public static class ErasureEndpoint
{
    public const string QueueName = "erasures";

    public static void Configure(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        // After a concurrent save, the second instance starts over from the saved state.
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<ConcurrencyException>();
            retry.Immediate(5);
        });
        endpoint.StateMachineSaga(services.GetRequiredService<ErasureStateMachine>(), services.GetRequiredService<ErasureRepository>());
    }
}
