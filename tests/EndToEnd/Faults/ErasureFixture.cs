using System.Globalization;
using System.Net;
using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>An installation of either kind with users who stay and users who are erased, and what must hold afterwards.</summary>
internal sealed class ErasureFixture(Api api, HttpClient client)
{
    private const int Items = 13;
    private static readonly int[] s_itemsOfErased = [Items - 1, 0, 1];
    private static readonly string s_popularOfStaying = string.Join(' ', Enumerable.Range(0, Items).Select(item => $"item-{item}"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The last stage of the receipt comes with the next model, which a test trains when it is ready for it.</summary>
    public static Dictionary<string, string?> Settings(double settleSeconds) => new()
    {
        ["Trainer__Rank"] = "8",
        ["Trainer__TuneBudgetSeconds"] = "0",
        ["Trainer__MinimumEvents"] = "1000000000", // Trained only when asked for.
        ["Trainer__ErasureSettleSeconds"] = settleSeconds.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Events of the users who stay: the lower an item's number, the more of them have it.</summary>
    public static readonly IReadOnlyList<(string User, int Item)> Staying = [.. from user in Enumerable.Range(0, Producer.Users)
                                                                              from item in Enumerable.Range(0, Items)
                                                                              where user % Items >= item
                                                                              select ($"{Producer.PersonalPrefix}{user}", item)];

    /// <summary>Sends the events of the users who stay and of those to be erased, who move the least popular item up.</summary>
    public async Task FillAsync(IReadOnlyList<string> erased)
    {
        await SendAsync(Staying);
        await AssertPopularityOfStayingAsync();
        await SendAsync([.. erased.SelectMany(user => s_itemsOfErased.Select(item => (user, item)))]);
        await Eventually.TrueAsync(async () => await PopularAsync() != s_popularOfStaying, what: "the erased users count");
    }

    /// <summary>Popularity is that of the users who stay.</summary>
    public Task AssertPopularityOfStayingAsync() => Eventually.EqualAsync(s_popularOfStaying, PopularAsync);

    /// <summary>Asks for an erasure; returns the address of its receipt.</summary>
    public async Task<string> EraseAsync(string user)
    {
        using var accepted = await client.DeleteAsync($"/v1/users/{user}", Cancel);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return accepted.Headers.Location!.ToString();
    }

    /// <summary>Waits for a stage; returns the times of all stages so far.</summary>
    public async Task<Dictionary<string, DateTimeOffset>> ReachedAsync(string receipt, string stage)
    {
        Dictionary<string, DateTimeOffset> stages = [];
        await Eventually.TrueAsync(async () => await api.TryGetAsync(receipt) is { } erasure
            && (stages = StagesOf(erasure)).ContainsKey(stage), TimeSpan.FromMinutes(2), $"{receipt} has reached {stage}");
        return stages;
    }

    /// <summary>Every stage is there and in order, those finished before the kill at the time they had then.</summary>
    public async Task AssertDoneAsync(string receipt, Dictionary<string, DateTimeOffset> before)
    {
        await ReachedAsync(receipt, "queues");
        var erasure = await api.GetAsync(receipt);
        Assert.Equal("done", erasure.GetProperty("state").GetString());
        Assert.Equal(s_itemsOfErased.Length, erasure.GetProperty("eventsRemoved").GetInt32());
        var stages = StagesOf(erasure);
        Assert.Equal(["requested", "insights", "store", "factorStore", "serving", "queues"],
            stages.Where(stage => stage.Key != "model").OrderBy(stage => stage.Value).Select(stage => stage.Key));
        foreach (var (stage, at) in before) Assert.Equal(at, stages[stage]);
    }

    private async Task<string> PopularAsync() => string.Join(' ', (await api.GetAsync("/v1/items/popular?count=100"))
        .GetProperty("items").EnumerateArray().Select(item => item.GetProperty("itemId").GetString()));

    private async Task SendAsync(IReadOnlyList<(string User, int Item)> pairs)
    {
        long expected = await api.EventsAsync() + pairs.Count;
        var start = DateTimeOffset.UtcNow.AddDays(-1);
        string events = JsonSerializer.Serialize(pairs.Select((pair, n) => new
        {
            eventId = $"{pair.User}-{pair.Item}",
            userId = pair.User,
            itemId = $"item-{pair.Item}",
            type = "purchase",
            occurredAt = start.AddSeconds(n),
        }));
        Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events", events));
        await Eventually.TrueAsync(async () => await api.TryGetAsync("/v1/status") is { } status
            && status.GetProperty("events").GetInt64() == expected
            && status.GetProperty("watermarks").GetProperty("folded").GetInt64() == status.GetProperty("watermarks").GetProperty("stored")
            .GetInt64(), what: $"{expected} events are stored and folded in");
    }

    private static Dictionary<string, DateTimeOffset> StagesOf(JsonElement erasure) =>
        erasure.GetProperty("stages").EnumerateObject().ToDictionary(stage => stage.Name, stage => stage.Value.GetDateTimeOffset());
}
