using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Api.Tests;

/// <summary>The document is good enough for a public generator: its client calls every operation of the running product.</summary>
public sealed class GeneratedClientTests(EmbeddedProduct product)
{
    private const string Item = "85123A", User = "17850";

    /// <summary>Arguments in addition to the examples of the document.</summary>
    private static readonly Dictionary<string, Dictionary<string, object?>> s_arguments = new()
    {
        ["PostEvents"] = new() { ["atomic"] = true },
        ["PostItems"] = new() { ["atomic"] = true },
        ["PatchItems"] = new() { ["atomic"] = false },
        ["ListUsers"] = new() { ["prefix"] = "user-", ["limit"] = 3 },
        ["GetItemByQuery"] = new() { ["itemId"] = Item },
        ["DeleteItemByQuery"] = new() { ["itemId"] = "22423" },
        ["ExportUserByQuery"] = new() { ["userId"] = "user-2" },
        ["EraseUserByQuery"] = new() { ["userId"] = "user-2" },
        ["GetRecommendations"] = new()
        {
            ["userId"] = "user-4",
            ["count"] = 3,
            ["tag"] = new[] { "even", "heart" },
            ["exclude"] = new[] { "item-0-1" },
            ["includeSeen"] = true,
            ["explain"] = true,
            ["reasons"] = "all",
            ["diversity"] = 0.5,
            ["sessionId"] = "s-1",
        },
        ["GetSimilarItems"] = new() { ["itemId"] = "item-0-1", ["count"] = 3 },
        ["GetItemsBoughtTogether"] = new() { ["itemId"] = "item-0-1", ["count"] = 3, ["explain"] = true },
        ["GetSimilarUsers"] = new() { ["userId"] = "user-4", ["count"] = 3 },
        ["GetItemsToBuyAgain"] = new() { ["userId"] = "user-4", ["count"] = 3, ["explain"] = false },
        ["GetRecentItems"] = new() { ["userId"] = "user-4", ["count"] = 3, ["reasons"] = "all" },
        ["GetPopularItems"] = new() { ["count"] = 2, ["tag"] = new[] { "even" } },
        ["GetInsights"] = new() { ["by"] = "day,source", ["metric"] = "answers" },
        ["ListDeadLetters"] = new() { ["limit"] = 10 },
    };

    [Fact]
    public async Task A_generated_client_calls_every_operation()
    {
        var operations = DescribedOperation.Of(product.Document).ToDictionary(operation => operation.Id);
        var client = await product.Generated.Value;
        Assert.Equal(operations.Keys.Order(), client.Operations.Order());
        var called = new HashSet<string>();

        // Content, so that there is something to answer with.
        foreach (string operation in (string[])["PutItem", "PostItems", "PatchItem", "PatchItems"])
            Assert.True((await CallAsync(operation)).Accepted > 0);
        await client.CallAsync("PostItems", new Dictionary<string, object?> { ["body"] = Circles.Items });
        Assert.Equal(2, (await CallAsync("PostEvents")).Accepted);
        var stored = await client.CallAsync("PostEvents", new Dictionary<string, object?> { ["body"] = Circles.Events });
        Assert.Equal((Circles.Count, 0), ((int)stored.Accepted, (int)stored.Rejected.Count));
        Assert.Equal(1, (await CallAsync("PutUser")).Accepted);
        Assert.Equal(1, (await CallAsync("MergeSession")).Accepted);
        await Eventually.TrueAsync(async () => await CallAsync("GetStatus") is var status && status.Events == Circles.Count + 2
            && status.Watermarks["folded"] == status.Watermarks["stored"]);

        Assert.NotEmpty((await CallAsync("TrainModel")).Detail);
        await Eventually.TrueAsync(async () => (await CallAsync("GetStatus")).ReleasedVersion is long);
        long version = (await CallAsync("GetStatus")).ReleasedVersion;
        Assert.Equal([version], ((IEnumerable<dynamic>)(await CallAsync("ListModels")).Models).Select(model => (long)model.Version));
        var model = await CallAsync("GetModel", ("version", version));
        Assert.Equal((version, 8, "Released"), ((long)model.Version, (int)model.Rank, (string)model.State.ToString()));
        Assert.Equal(version, (await CallAsync("ReleaseModel", ("version", version))).Version);
        await Eventually.EqualAsync(version, async () => (long)((await CallAsync("GetServing")).ModelVersion ?? 0L));

        var recommended = await CallAsync("GetRecommendations");
        Assert.Equal(("personal", version, 3), ((string)recommended.Source, (long)recommended.ModelVersion, (int)recommended.Items.Count));
        Assert.NotEmpty(((IEnumerable<dynamic>)recommended.Items).First().Reasons);
        var served = await EventuallyAsync("GetServedAnswer", ("recommendationId", (string)recommended.RecommendationId));
        Assert.Equal(("recommendations", 3), ((string)served.Kind, (int)served.Items.Count));
        Assert.Equal(["day", "source"], (IEnumerable<string>)(await CallAsync("GetInsights")).By);
        Assert.NotEmpty((await CallAsync("PostRecommendations")).Items);
        Assert.Equal(["17850", "13047"], await BatchAsync());
        Assert.Equal(2, (await CallAsync("RankItems")).Items.Count);
        foreach (string operation in (string[])["GetPopularItems", "GetTrendingItems", "GetLatestItems", "GetSimilarItems",
            "GetItemsBoughtTogether", "GetSearch", "PostSearch"])
            Assert.NotEmpty((await CallAsync(operation)).Items);
        Assert.Equal(3, (await EventuallyAsync("GetSimilarUsers")).Users.Count);
        Assert.NotEmpty((await CallAsync("GetUserHistory")).Items);
        Assert.Equal("again", (string)(await CallAsync("GetItemsToBuyAgain")).Source);
        Assert.Equal("recent", (string)(await CallAsync("GetRecentItems")).Source);
        Assert.Equal(3, (await CallAsync("ListUsers")).Users.Count);
        Assert.Equal(0, (await CallAsync("ListDeadLetters")).Total);
        Assert.Equal(0, (await CallAsync("ReplayDeadLetters")).Replayed);

        foreach (string operation in (string[])["GetItem", "GetItemByQuery"])
        {
            var item = await CallAsync(operation);
            // The patch of the example took it off the shelf and kept the rest.
            Assert.Equal((Item, false, "home"),
                ((string)item.ItemId, (bool)item.Available, ((IEnumerable<string>)item.Categories).Single()));
        }

        foreach (string operation in (string[])["DeleteItem", "DeleteItemByQuery"]) Assert.Equal(1, (await CallAsync(operation)).Accepted);
        var export = await CallAsync("ExportUser");
        Assert.Equal((User, 2), ((string)export.UserId, (int)export.Events.Count));
        Assert.NotEmpty((await CallAsync("ExportUserByQuery")).Events);
        Assert.Equal("pending", (await CallAsync("EraseUserByQuery")).State);
        var erasure = await CallAsync("EraseUser");
        var receipt = await CallAsync("GetErasure", ("erasureId", (string)erasure.ErasureId));
        Assert.Equal(erasure.ErasureId, receipt.ErasureId);

        Assert.Equal(operations.Keys.Order(), called.Order());

        Task<dynamic> CallAsync(string id, params (string Name, object Value)[] more)
        {
            called.Add(id);
            return client.CallAsync(id, ArgumentsOf(operations[id], more));
        }

        async Task<dynamic> EventuallyAsync(string id, params (string Name, object Value)[] more)
        {
            dynamic? answer = null;
            await Eventually.PassesAsync(async () => answer = await CallAsync(id, more));
            return answer!;
        }

        async Task<List<string>> BatchAsync()
        {
            using var file = (IDisposable)await CallAsync("PostRecommendationBatch");
            using var reader = new StreamReader((Stream)((dynamic)file).Stream);
            var users = new List<string>();
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
                users.Add(((dynamic)client.Read(line, "UserRecommendationResponse")).UserId);
            return users;
        }
    }

    [Fact]
    public async Task A_generated_client_gets_problems_as_such()
    {
        var client = await product.Generated.Value;
        dynamic missing = await Assert.ThrowsAnyAsync<Exception>(() =>
            client.CallAsync("GetItem", new Dictionary<string, object?> { ["itemId"] = "no such item" }));
        Assert.Equal((404, "urn:recommender:problem:not-found"), ((int)missing.StatusCode, (string)missing.Result.Type));
        dynamic wrong = await Assert.ThrowsAnyAsync<Exception>(() =>
            client.CallAsync("GetPopularItems", new Dictionary<string, object?> { ["count"] = 5000 }));
        Assert.Equal((400, "count"), ((int)wrong.StatusCode, (string)wrong.Result.Field));
    }

    private static Dictionary<string, object?> ArgumentsOf(DescribedOperation operation, (string Name, object Value)[] more)
    {
        var arguments = new Dictionary<string, object?>();
        foreach (var parameter in operation.Parameters)
            if (parameter.TryGetProperty("example", out var example))
                arguments[parameter.GetProperty("name").GetString()!] = example.ValueKind is JsonValueKind.Number ? example.GetInt64()
                    : example.GetString();
        if (operation.Body is { } body) arguments["body"] = body.Content.GetProperty("example").GetRawText();
        foreach (var (name, value) in s_arguments.GetValueOrDefault(operation.Id, [])) arguments[name] = value;
        foreach (var (name, value) in more) arguments[name] = value;
        return arguments;
    }
}
