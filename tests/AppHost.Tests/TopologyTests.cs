using Recommender.AppHost.Topology;
using Xunit;

namespace Recommender.AppHost.Tests;

public class TopologyTests
{
    private static readonly ProductTopology s_topology = ProductTopology.OverServers(recommendReplicas: 3);

    [Fact]
    public void The_owner_of_the_schema_starts_first_and_the_page_last()
    {
        Assert.Equal(["trainer", "ingest recommend insights", "console"], s_topology.StartOrder()
            .Select(step => string.Join(' ', step.Select(service => service.Name))));
    }

    [Fact]
    public void The_gateway_gets_the_address_of_every_replica()
    {
        var settings = s_topology.CallSettings(s_topology.Public, service => ProductTopology.LocalAddresses(service, 8080)).ToDictionary();
        Assert.Equal("http://127.0.0.1:8083", settings["services__recommend__http__0"]);
        Assert.Equal("http://127.0.0.1:8101", settings["services__recommend__http__1"]);
        Assert.Equal("http://127.0.0.1:8102", settings["services__recommend__http__2"]);
        Assert.Equal("http://127.0.0.1:8081", settings["services__ingest__http__0"]);
        Assert.Equal("http://127.0.0.1:8084", settings["services__insights__http__0"]);
        Assert.Equal(6, settings.Count);
    }

    [Fact]
    public void No_two_processes_of_a_machine_are_given_the_same_port()
    {
        var ports = s_topology.Services.SelectMany(service => Enumerable.Range(0, service.Replicas)
            .Select(instance => ProductTopology.LocalPort(service, instance, 8080)))
            .Concat(s_topology.Servers.Select(server => 8080 + server.PortOffset)).Append(8080 + 11) // RabbitMQ's management page.
            .ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
    }

    [Fact]
    public void A_service_gets_the_connections_it_uses_and_no_others()
    {
        var servers = s_topology.Services.ToDictionary(service => service.Name, service => string.Join(' ', service.Servers));
        Assert.Equal("rabbitmq redis postgres", servers["trainer"]);
        Assert.Equal("rabbitmq postgres", servers["ingest"]);
        Assert.Equal("rabbitmq redis", servers["recommend"]);
        Assert.Equal("", servers["console"]);
    }

    [Fact]
    public void The_pause_before_a_new_start_grows_while_the_process_does_not_stay_up()
    {
        var pause = new RestartPause();
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 7).Select(_ => pause.Next(TimeSpan.FromSeconds(2)).TotalSeconds));
        Assert.Equal(1, pause.Next(TimeSpan.FromMinutes(2)).TotalSeconds);
    }
}
