using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Recommender.Messaging;

/// <summary>
/// Small broadcast messages, such as "a model was released", over MassTransit. A notice is a nudge: who gets it looks at the
/// store or factor store; who misses it looks a little later by itself. So publishing one never fails and never waits long.
/// </summary>
public interface INotices
{
    /// <summary>Sends to every instance that handles <typeparamref name="T"/>. A bus that is down loses the notice, which is logged at debug level.</summary>
    Task PublishAsync<T>(T notice, CancellationToken cancellationToken)
        where T : class;
}

public static class NoticeExtensions
{
    /// <summary>Handles notices of a type in this instance. Call it before the host is built. A handler that fails is logged; the notice is not repeated.</summary>
    public static IServiceCollection AddNoticeHandler<T>(this IServiceCollection services, Func<IServiceProvider, T, CancellationToken, Task> handler)
        where T : class =>
        services.AddSingleton<INoticeHandler>(new NoticeHandler<T>(handler));

    /// <summary>
    /// Adds a queue that every instance of a service shares: each message goes to one of them, one at a time.
    /// A message whose handling fails is dropped; its sender repeats what must not be lost. Call it before the host is built.
    /// </summary>
    public static IServiceCollection AddSharedEndpoint(
        this IServiceCollection services, string queueName, Action<IReceiveEndpointConfigurator, IServiceProvider> configure) =>
        services.AddSingleton(new SharedEndpoint(queueName, configure));
}

internal interface INoticeHandler
{
    void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services);
}

internal sealed class NoticeHandler<T>(Func<IServiceProvider, T, CancellationToken, Task> handler) : INoticeHandler
    where T : class
{
    public void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        var logger = services.GetRequiredService<ILogger<Notices>>();
        endpoint.Handler<T>(async context =>
        {
            try
            {
                await handler(services, context.Message, context.CancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.LogWarning(e, "Handling the notice {Notice} failed", typeof(T).Name);
            }
        });
    }
}

internal sealed class Notices(IServiceProvider services, ILogger<Notices> logger) : INotices
{
    // Not before the first use: what the bus's own endpoints call may publish, so the bus cannot be a part of it.
    private readonly Lazy<IBus> _bus = new(services.GetRequiredService<IBus>);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public static void Add(IHostApplicationBuilder builder, RabbitMqAddress? address)
    {
        builder.Services.AddSingleton<INotices, Notices>();
        builder.Services.AddMassTransit(registration =>
        {
            // A bus that is down costs a little freshness and nothing else: visible, but no reason to take the service out.
            registration.ConfigureHealthCheckOptions(options =>
            {
                options.Name = "notices";
                options.MinimalFailureStatus = HealthStatus.Degraded;
            });
            if (address is null)
            {
                registration.UsingInMemory((context, bus) =>
                {
                    bus.ReceiveEndpoint(QueueName(), endpoint => Connect(endpoint, context));
                    foreach (var shared in context.GetServices<SharedEndpoint>())
                        bus.ReceiveEndpoint(shared.QueueName, endpoint => shared.Connect(endpoint, context));
                });
                return;
            }

            registration.UsingRabbitMq((context, bus) =>
            {
                var (host, port) = address.Nodes[0];
                bus.Host(host, (ushort)port, address.VirtualHost, "recommender notices", configure =>
                {
                    configure.Username(address.UserName);
                    configure.Password(address.Password);
                    if (address.Nodes.Count > 1)
                        configure.UseCluster(cluster =>
                        {
                            foreach (var node in address.Nodes) cluster.Node($"{node.Host}:{node.Port}");
                        });
                    if (address.Tls) configure.UseSsl(ssl => ssl.ServerName = host);
                });
                bus.ReceiveEndpoint(QueueName(), endpoint =>
                {
                    // Durable though temporary: newer brokers refuse queues that are neither durable nor exclusive.
                    endpoint.AutoDelete = true;
                    endpoint.QueueExpiration = TimeSpan.FromMinutes(1);
                    Connect(endpoint, context);
                });
                foreach (var shared in context.GetServices<SharedEndpoint>())
                {
                    bus.ReceiveEndpoint(shared.QueueName, endpoint =>
                    {
                        // Survives the loss of a node of a cluster.
                        endpoint.SetQuorumQueue();
                        shared.Connect(endpoint, context);
                    });
                }
            });
        });
    }

    public async Task PublishAsync<T>(T notice, CancellationToken cancellationToken)
        where T : class
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_patience);
        try
        {
            await _bus.Value.Publish(notice, timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogDebug(e, "The notice {Notice} was not sent", typeof(T).Name);
        }
    }

    private static string QueueName() => $"notices-{Environment.MachineName.ToLowerInvariant()}-{Guid.NewGuid():N}";

    private static void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        endpoint.ConfigureConsumeTopology = true;
        foreach (var handler in services.GetServices<INoticeHandler>()) handler.Connect(endpoint, services);
    }
}
