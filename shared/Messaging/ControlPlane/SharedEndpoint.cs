using MassTransit;

namespace Recommender.Messaging.ControlPlane;

/// <summary>A queue that the instances of a service share.</summary>
internal sealed record SharedEndpoint(string QueueName, Action<IReceiveEndpointConfigurator, IServiceProvider> Configure)
{
    public void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        endpoint.ConcurrentMessageLimit = 1;
        // No queue of failed messages, because senders repeat them.
        endpoint.DiscardFaultedMessages();
        endpoint.DiscardSkippedMessages();
        Configure(endpoint, services);
    }
}
