using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Messaging.RabbitMq;

namespace Recommender.Messaging.ControlPlane;

internal sealed class Notices(IServiceProvider services, ILogger<Notices> logger) : INotices
{
    // Resolved at the first use, because handlers of the bus may publish: otherwise they and the bus would depend on each other.
    private readonly Lazy<IBus> _bus = new(services.GetRequiredService<IBus>);

    private static readonly TimeSpan s_publishTimeout = TimeSpan.FromSeconds(2);

    public static void Add(IHostApplicationBuilder builder, RabbitMqAddress? address)
    {
        builder.Services.AddSingleton<INotices, Notices>();
        builder.Services.AddMassTransit(registration =>
        {
            // Without the bus only freshness suffers, so health is degraded but the service stays ready.
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
                    // Durable although temporary, because newer brokers refuse queues that are neither durable nor exclusive.
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
        timeout.CancelAfter(s_publishTimeout);
        try
        {
            // Cancellation does not end the declaration of an exchange.
            await _bus.Value.Publish(notice, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.NoticeNotSent(e, typeof(T).Name);
        }
    }

    private static string QueueName() => $"notices-{Environment.MachineName.ToLowerInvariant()}-{Guid.NewGuid():N}";

    private static void Connect(IReceiveEndpointConfigurator endpoint, IServiceProvider services)
    {
        endpoint.ConfigureConsumeTopology = true;
        foreach (var handler in services.GetServices<INoticeHandler>()) handler.Connect(endpoint, services);
    }
}
