using System.Text;
using Recommender.Contracts;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.RabbitMq;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

/// <summary>Faults, on a broker of their own.</summary>
public sealed class RabbitMqFaultTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_broker_fails_publishing_fast_and_everything_recovers_without_a_restart()
    {
        await using var broker = await servers.NewRabbitMqAsync();
        var notices = 0;
        await using var host = await MessagingHost.StartAsync(broker.ConnectionString,
            services: s => s.AddNoticeHandler<ModelReleased>((_, _, _) =>
        {
            Interlocked.Increment(ref notices);
            return Task.CompletedTask;
        }));
        await using var collector = new Collector(host, Topology.Interactions);
        await host.Publisher.PublishAsync(Topology.Interactions, "[1]"u8.ToArray(), [], Cancel);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 1);
        await Eventually.TrueAsync(async () =>
        {
            await host.Notices.PublishAsync(new ModelReleased { Version = 1, ReleasedAt = DateTimeOffset.UtcNow }, Cancel);
            return Volatile.Read(ref notices) > 0;
        });

        await broker.KillAsync();
        await Eventually.TrueAsync(() => !host.Publisher.IsAvailable);
        await Assert.ThrowsAsync<StreamUnavailableException>(() =>
            host.Publisher.PublishAsync(Topology.Interactions, "[2]"u8.ToArray(), [], Cancel));
        await Assert.ThrowsAsync<StreamUnavailableException>(() => host.Administration.GetDepthsAsync(Cancel));
        // A nudge that cannot be sent is no failure of the caller.
        await host.Notices.PublishAsync(new ModelReleased { Version = 2, ReleasedAt = DateTimeOffset.UtcNow }, Cancel);

        await broker.StartAsync(Cancel);
        await Eventually.TrueAsync(() => host.Publisher.IsAvailable);
        await host.Publisher.PublishAsync(Topology.Interactions, "[3]"u8.ToArray(), [], Cancel);
        await Eventually.TrueAsync(() => collector.Bodies.Contains("[3]"));
    }

    [Fact]
    public async Task A_frozen_broker_fails_publishing_within_the_timeout_and_nothing_acknowledged_is_lost()
    {
        await using var broker = await servers.NewRabbitMqAsync();
        await using var host = await MessagingHost.StartAsync(broker.ConnectionString,
            settings: new() { ["Messaging:PublishTimeoutSeconds"] = "1" });
        // A second may be too short on a busy machine even while the broker runs.
        await Eventually.PassesAsync(() => host.Publisher.PublishAsync(Topology.Interactions, "[1]"u8.ToArray(), [], Cancel));
        broker.Freeze();
        await Assert.ThrowsAsync<StreamUnavailableException>(() =>
            host.Publisher.PublishAsync(Topology.Interactions, "[2]"u8.ToArray(), [], Cancel));
        Assert.False(host.Publisher.IsAvailable);
        broker.Continue();
        await Eventually.PassesAsync(() => host.Publisher.PublishAsync(Topology.Interactions, "[3]"u8.ToArray(), [], Cancel));
        await using var collector = new Collector(host, Topology.Interactions);
        await Eventually.TrueAsync(() => collector.Bodies.Contains("[1]") && collector.Bodies.Contains("[3]"));
    }

    [Fact]
    public async Task Cut_connections_in_the_middle_lose_nothing_that_was_confirmed()
    {
        string address = await servers.NewVirtualHostAsync();
        var broker = await servers.RabbitMqAsync();
        await using var proxy = new TcpProxy(broker.Port);
        await using var host = await MessagingHost.StartAsync(
            address.Replace($":{broker.Port}/", $":{proxy.Port}/", StringComparison.Ordinal));
        await using var collector = new Collector(host, Topology.Interactions);
        var confirmed = new List<string>();
        for (int i = 0; i < 300; i++)
        {
            if (i % 75 == 40) proxy.Reset();
            string body = $"[{i}]";
            try
            {
                await host.Publisher.PublishAsync(Topology.Interactions, Encoding.UTF8.GetBytes(body), [], Cancel);
                confirmed.Add(body);
            }
            catch (StreamUnavailableException)
            {
                await Eventually.TrueAsync(() => host.Publisher.IsAvailable);
            }
        }

        Assert.InRange(confirmed.Count, 200, 300);
        await Eventually.TrueAsync(() => !confirmed.Except(collector.Bodies).Any());
    }

    [Fact]
    public async Task Starting_without_a_broker_neither_blocks_nor_fails_and_works_once_it_is_there()
    {
        await using var broker = await servers.NewRabbitMqAsync();
        await broker.StopAsync();
        var starting = MessagingHost.StartAsync(broker.ConnectionString);
        await broker.StartAsync(Cancel);
        await using var host = await starting;
        await host.Publisher.PublishAsync(Topology.Commands, "[]"u8.ToArray(), [], Cancel);
    }

    [Theory]
    [InlineData("host=localhost", "amqp://")]
    [InlineData("amqp://", "no host")]
    [InlineData("http://localhost", "amqp://")]
    public void A_wrong_connection_string_is_refused_with_the_setting_and_the_form(string text, string part)
    {
        var error = Assert.Throws<InvalidOperationException>(() => RabbitMqAddress.Parse(text));
        Assert.Contains("ConnectionStrings:rabbitmq", error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void Clusters_TLS_virtual_hosts_and_escapes_are_understood()
    {
        var address = RabbitMqAddress.Parse("amqps://u%40x:p%3A@a:1,b,[::1]:3/v%2Fh");
        Assert.Equal(("u@x", "p:", "v/h", true), (address.UserName, address.Password, address.VirtualHost, address.Tls));
        Assert.Equal([("a", 1), ("b", 5671), ("::1", 3)], address.Nodes);
        Assert.DoesNotContain("p:", address.ToString().Replace("::", "", StringComparison.Ordinal));
        Assert.Equal("/", RabbitMqAddress.Parse("amqp://localhost:5672").VirtualHost);
        Assert.Equal("/", RabbitMqAddress.Parse("amqp://localhost:5672/%2F").VirtualHost);
    }
}
