using System.Security.Cryptography;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Demo;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Popularity;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

public sealed class DemoTests
{
    private static readonly DateTimeOffset s_end = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Lazy<DemoData> s_data = new(() => DemoData.Generate(s_end));

    [Fact]
    public void Is_the_same_everywhere()
    {
        Assert.Equal("be3ca4097db777e513f343b712d40e80", HashOf(s_data.Value));
    }

    [Fact]
    public void Later_is_the_same_shifted()
    {
        var later = DemoData.Generate(s_end.AddDays(10));
        Assert.Equal(s_data.Value.Events.Select(e => (e.EventId, e.UserId, e.ItemId, e.Type, e.OccurredAt!.Value.AddDays(10))),
            later.Events.Select(e => (e.EventId, e.UserId, e.ItemId, e.Type, e.OccurredAt!.Value)));
    }

    [Fact]
    public void Is_valid_of_the_promised_size_and_in_order()
    {
        var data = s_data.Value;
        Assert.Equal(3_000, data.Items.Count);
        Assert.Equal(3_000, data.Items.Select(i => i.Title).Distinct().Count());
        Assert.InRange(data.Events.Count, 60_000, 140_000);
        Assert.Equal(DemoData.Users, data.Events.Select(e => e.UserId).Distinct().Count());
        Assert.All(data.Items, i => Assert.Null(i.Validate()));
        Assert.All(data.Events, e => Assert.Null(e.Validate(s_end)));
        Assert.All(data.Events, e => Assert.True(e.OccurredAt < s_end));
        Assert.True(data.Events.Zip(data.Events.Skip(1)).All(p => p.First.OccurredAt <= p.Second.OccurredAt));
        Assert.Equal(["cart", "dislike", "purchase", "return", "view"], data.Events.Select(e => e.Type!).Distinct().Order());
        var published = data.Items.ToDictionary(i => i.ItemId!, i => i.PublishedAt);
        Assert.All(data.Events, e => Assert.True(published[e.ItemId!] <= e.OccurredAt));
        Assert.Contains(data.Items, i => i.PublishedAt > s_end.AddDays(-7));
    }

    [Fact]
    public void Customers_have_tastes_that_popularity_does_not_tell()
    {
        // Two thirds of a customer's events are on their five commonest shelves; of everyone's together it is a small part.
        var shelf = s_data.Value.Items.ToDictionary(i => i.ItemId!, i => i.Categories[1]);
        double own = s_data.Value.Events.GroupBy(e => e.UserId).Average(g => TopShare(g.Select(e => shelf[e.ItemId!]), 5));
        double all = TopShare(s_data.Value.Events.Select(e => shelf[e.ItemId!]), 5);
        double topItems = TopShare(s_data.Value.Events.Select(e => e.ItemId!), 20);
        TestContext.Current.SendDiagnosticMessage($"{s_data.Value.Events.Count} events; share of the top 5 shelves: own {own:0.000}, all "
            + $"{all:0.000}; of the top 20 items {topItems:0.000}");
        Assert.True(own > 0.6);
        Assert.True(all < 0.25);
        Assert.True(topItems < 0.1);
    }

    [Fact]
    public void A_model_finds_what_customers_want_far_better_than_popularity()
    {
        var weights = EventWeights.Create();
        var users = new Dictionary<string, int>();
        var items = s_data.Value.Items.Select((item, i) => (item.ItemId!, i)).ToDictionary();
        var entries = new List<TimedEntry>();
        foreach (var e in s_data.Value.Events)
        {
            if (!users.TryGetValue(e.UserId!, out int user)) users[e.UserId!] = user = users.Count;
            var preference = weights.Of(e.Type!, e.Value, 0);
            entries.Add(new(new(user, items[e.ItemId!], (float)preference.Weight, (float)preference.Target),
                e.OccurredAt!.Value.ToUnixTimeMilliseconds()));
        }

        var split = Splits.Temporal(users.Count, items.Count, entries);
        var stop = TestContext.Current.CancellationToken;
        var model = Evaluation.Run(new IalsSettings { Rank = 32, Epochs = 4 }.Train(split.Train, cancellation: stop), split,
            cancellation: stop);
        var popular = Evaluation.Run(new PopularitySettings().Train(split.Train, cancellation: stop), split, cancellation: stop);
        TestContext.Current.SendDiagnosticMessage($"Recall@20 / NDCG@20: model {model.Recall:0.000} / {model.Ndcg:0.000}, popular "
            + $"{popular.Recall:0.000} / {popular.Ndcg:0.000}, {model.Users} users");
        Assert.True(model.Recall > 3 * popular.Recall);
        Assert.True(model.Ndcg > 3 * popular.Ndcg);
    }

    [Fact]
    public async Task Loads_through_the_api_once_per_folder()
    {
        using var folder = new TempFolder();
        await using var server = await StubServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        Assert.True(await DemoLoader.LoadAsync(client, folder.Path, TestContext.Current.CancellationToken));
        int events = server.Events.Count();
        Assert.Equal(3_000, server.Items.Count);
        Assert.Equal(s_data.Value.Events.Count, events);
        Assert.Equal("POST /v1/models", server.Requests.Last());

        Assert.False(await DemoLoader.LoadAsync(client, folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(events, server.Events.Count());
    }

    [Fact]
    public async Task Continues_after_an_interruption_with_the_same_events()
    {
        using var folder = new TempFolder();
        await using var server = await StubServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        using var stop = new CancellationTokenSource();
        server.Intercept = (number, _) =>
        {
            if (number == 10) stop.Cancel();
            return Task.FromResult(false);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DemoLoader.LoadAsync(client, folder.Path, stop.Token));
        var before = server.Events.ToDictionary(e => e.EventId!);
        Assert.InRange(before.Count, 1, s_data.Value.Events.Count - 1);

        server.Intercept = null;
        server.EventBatches.Clear();
        Assert.True(await DemoLoader.LoadAsync(client, folder.Path, TestContext.Current.CancellationToken));
        // The two requests that were under way when it was broken off may still arrive, with the ids under which their events come again;
        // no other does.
        Assert.InRange(server.EventBatches.Count - server.EventBatches.DistinctBy(b => b[0].EventId).Count(), 0, 2);
        var after = server.Events.DistinctBy(e => e.EventId).ToDictionary(e => e.EventId!);
        Assert.Equal(s_data.Value.Events.Count, after.Count);
        Assert.All(before, e => Assert.Equal(e.Value, after[e.Key]));
    }

    [Fact]
    public async Task Leaves_a_server_with_other_data_alone()
    {
        using var folder = new TempFolder();
        await using var server = await StubServer.StartAsync();
        server.EventBatches.Enqueue([new Interaction { EventId = "x" }]);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        Assert.False(await DemoLoader.LoadAsync(client, folder.Path, TestContext.Current.CancellationToken));
        Assert.Empty(server.Items);
        Assert.Single(server.Events);
    }

    private static double TopShare(IEnumerable<string> values, int top)
    {
        var counts = values.CountBy(v => v).Select(c => c.Value).OrderDescending().ToList();
        return (double)counts.Take(top).Sum() / counts.Sum();
    }

    private static string HashOf(DemoData data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var item in data.Items) hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(item, ContractsJson.Default.Item));
        foreach (var e in data.Events) hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(e, ContractsJson.Default.Interaction));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}
