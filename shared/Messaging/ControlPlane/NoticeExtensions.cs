using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Recommender.Messaging.ControlPlane;

public static class NoticeExtensions
{
    /// <summary>
    /// Handles notices of a type in this instance. Call it before the host is built. A failure of a handler is logged, and the notice is
    /// not repeated.
    /// </summary>
    public static IServiceCollection AddNoticeHandler<T>(this IServiceCollection services,
        Func<IServiceProvider, T, CancellationToken, Task> handler)
        where T : class =>
        services.AddSingleton<INoticeHandler>(new NoticeHandler<T>(handler));

    /// <summary>
    /// Adds a queue that all instances of a service share: each message goes to one of them, one at a time. A message whose handling fails
    /// is dropped; senders repeat messages that must not be lost. Call it before the host is built.
    /// </summary>
    public static IServiceCollection AddSharedEndpoint(
        this IServiceCollection services, string queueName, Action<IReceiveEndpointConfigurator, IServiceProvider> configure) =>
        services.AddSingleton(new SharedEndpoint(queueName, configure));
}
