using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Recommender.Contracts;
using Recommender.Messaging.Parsing;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

public sealed class RabbitMqTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_over_HTTP_reach_the_queue_in_few_messages()
    {
        await using var host = await IngestHost.StartAsync(await servers.NewVirtualHostAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 300)
            .Select(i => host.PostAsync("/v1/events", $$"""{"eventId":"e{{i}}","userId":"u","itemId":"a","type":"view"}""")));
        Assert.All(answers, answer => answer.IsAccepted(1));
        int messages = 0;
        var events = await host.DrainAsync(Topology.Interactions, 300, delivery =>
        {
            messages++; // One batch is handled at a time.
            return JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.InteractionArray)!;
        });
        Assert.Equal(300, events.Select(e => e.EventId).Distinct().Count());
        TestContext.Current.TestOutputHelper?.WriteLine($"{messages} messages for 300 requests");
    }

    [Fact]
    public async Task A_killed_broker_means_503_and_after_its_restart_202_without_a_restart_of_ours()
    {
        await using var broker = await servers.NewRabbitMqAsync();
        await using var host = await IngestHost.StartAsync(broker.ConnectionString);
        (await host.PostAsync("/v1/events", """{"eventId":"before","userId":"u","itemId":"a","type":"view"}""")).IsAccepted(1);
        await broker.WaitForDurableQueuesAsync([Topology.Interactions], TimeSpan.FromSeconds(30), Cancel);
        await broker.KillAsync();
        Assert.NotNull((await host.PostAsync("/v1/events", """{"userId":"u","itemId":"a","type":"view"}""")).IsProblem(503,
            "unavailable").RetryAfter);
        await broker.StartAsync(Cancel);
        await Eventually.TrueAsync(async () =>
            (await host.PostAsync("/v1/events", """{"eventId":"after","userId":"u","itemId":"a","type":"view"}""")).Status == 202);
        Assert.Equal(["before", "after"], (await host.DrainEventsAsync(2)).Select(e => e.EventId).Distinct());
    }

    [Fact]
    public async Task What_a_foreign_producer_sends_wrong_becomes_a_dead_letter_with_the_reason()
    {
        string address = await servers.NewVirtualHostAsync();
        await using var host = await IngestHost.StartAsync(address);
        await using var connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        foreach (string body in new[] { """{"userId":"u","itemId":"i","type":"view"}""",
            """[{"userId":"u","itemId":"j","type":"view"},{"userId":"u","type":"view"}]""", "not json" })
            await channel.BasicPublishAsync(Topology.Interactions, "", Encoding.UTF8.GetBytes(body), Cancel);

        // The Trainer's handler in short: store what is valid, name what is not.
        var valid = new List<Interaction>();
        using var stop = new CancellationTokenSource();
        var run = host.Get<IStreamConsumer>().RunAsync(Topology.Interactions, 1 << 20, (batch, _) =>
        {
            var parsed = batch.Select(delivery => InteractionParser.Parse(delivery, DateTimeOffset.UtcNow)).ToList();
            lock (valid) valid.AddRange(parsed.SelectMany(p => p.Valid));
            return Task.FromResult<IReadOnlyList<DeadMessage>>([.. parsed.SelectMany(p => p.Rejected).Select(r => r.ToDeadMessage())]);
        }, stop.Token);
        var administration = host.Get<IStreamAdministration>();
        await Eventually.EqualAsync(2, async () => (await administration.GetDepthsAsync(Cancel))[Topology.DeadLetters]);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(["i", "j"], valid.Select(e => e.ItemId));
        var letters = (await administration.ListDeadLettersAsync(10, Cancel)).Letters.OrderBy(l => l.Body, StringComparer.Ordinal).ToList();
        Assert.Equal("element 0: is not valid JSON at line 1, byte 1", letters[0].Reason);
        Assert.Equal("""{"userId":"u","type":"view"}""", letters[1].Body);
        Assert.Equal("element 1: itemId is required", letters[1].Reason);
    }
}
