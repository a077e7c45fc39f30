using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>The same services over clusters, by connection string alone.</summary>
public class ClusterTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_of_each_cluster_is_killed_under_load_and_nothing_is_lost()
    {
        Servers.Require([.. RabbitMqServer.RequiredPrograms, .. RedisCluster.RequiredPrograms, .. PostgresServer.RequiredPrograms]);
        using var folder = new TempFolder();
        await using var rabbitMq = new RabbitMqCluster(Path.Combine(folder.Path, "rabbitmq"));
        await using var redis = new RedisCluster(Path.Combine(folder.Path, "redis"));
        string postgres = await servers.NewDatabaseAsync();
        await Task.WhenAll(rabbitMq.StartAsync(Cancel), redis.StartAsync(Cancel));
        await using var fleet = new Fleet(rabbitMq.ConnectionString, redis.ConnectionString, postgres);
        await fleet.StartAsync();
        await rabbitMq.Nodes[0].WaitForDurableQueuesAsync(["interactions", "commands"], TimeSpan.FromSeconds(60), Cancel);

        var producer = new Producer(fleet.Console.Address, seed: 2);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = producer.RunAsync(stop.Token);
        async Task MoreAsync(int events, string what)
        {
            int next = producer.Count + events;
            await Eventually.TrueAsync(() => producer.Count >= next || load.IsCompleted, TimeSpan.FromMinutes(2), what);
        }

        await MoreAsync(100, "events with all nodes there");
        await rabbitMq.Nodes[0].KillAsync();
        // The other two are a majority: events go on being accepted and stored while the node is gone.
        await MoreAsync(300, "events with one broker less");
        await Eventually.TrueAsync(async () => await fleet.Api.EventsAsync() >= 300, what: "events are stored with one broker less");
        await redis.Nodes[2].KillAsync();
        await MoreAsync(200, "events are accepted while a third of the users' factors is gone");
        await redis.Nodes[2].StartAsync(Cancel);
        await rabbitMq.Nodes[0].StartAsync(Cancel);
        await MoreAsync(50, "events with all nodes there again");
        await stop.CancelAsync();
        await load;

        await fleet.DrainedAsync();
        await Eventually.EqualAsync(producer.Count, async () => (int)await fleet.Api.EventsAsync());
        (await LossCheck.CompareAsync(producer.Accepted.Select(e => e.EventId), postgres)).AssertNothingLost();
        // Every user's value is in the cluster, whichever master holds it.
        foreach (string user in Producer.UserIds)
        {
            int items = producer.Accepted.Where(e => e.UserId == user).Select(e => e.ItemId).Distinct().Count();
            await Eventually.EqualAsync(items, async () => (await fleet.Api.HistoryAsync(user)).Count);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {producer.Count} events over clusters; answers: "
            + $"{string.Join(", ", producer.Answers.Select(a => $"{(int)a.Key} × {a.Value}"))}");
    }
}
