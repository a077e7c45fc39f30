using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recommender.Benchmarks.Running;

namespace Recommender.Benchmarks.Replay;

/// <summary>The running product, fed and asked over HTTP.</summary>
internal sealed class ReplayProduct(RunningSystem system, ReplayData data) : IDisposable
{
    private const int EventsPerRequest = 500, HistoryLength = 50;
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(200), s_trainingStart = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly HashSet<int> _known = [];
    private readonly List<int> _waiting = [];

    /// <summary>Of each answer, in milliseconds.</summary>
    public List<double> LatenciesMs { get; } = [];

    /// <summary>Sends a click with those after it, once some are together.</summary>
    public async Task AddAsync(int click, CancellationToken cancellation)
    {
        _waiting.Add(click);
        if (_waiting.Count >= EventsPerRequest) await FlushAsync(cancellation);
    }

    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (_waiting.Count == 0) return;
        var items = new StringBuilder();
        foreach (int item in _waiting.Select(click => data.Clicks[click].Item).Where(_known.Add))
            items.Append(new JsonObject { ["itemId"] = data.Items[item], ["title"] = $"Item {data.Items[item]}" }.ToJsonString())
                .Append('\n');
        if (items.Length > 0) await PostAsync(system.IngestPort, "/v1/items", items.ToString(), cancellation);
        var events = new StringBuilder();
        foreach (int click in _waiting) events.Append(EventOf(click).ToJsonString()).Append('\n');
        await PostAsync(system.IngestPort, "/v1/events", events.ToString(), cancellation);
        _waiting.Clear();
    }

    /// <summary>Waits until everything sent is folded in.</summary>
    public async Task CatchUpAsync(int events, CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        while ((await system.GetStatusAsync(cancellation)).Watermarks["folded"] < events) await Task.Delay(s_pollInterval, cancellation);
    }

    /// <summary>Trains and waits for the end of the training; a search for settings may continue.</summary>
    public async Task TrainAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        using var accepted = await _client.PostAsync($"http://127.0.0.1:{system.TrainerPort}/v1/models", null, cancellation);
        accepted.EnsureSuccessStatusCode();
        await Task.Delay(s_trainingStart, cancellation);
        while (true)
        {
            await using var body = await _client.GetStreamAsync($"http://127.0.0.1:{system.TrainerPort}/v1/status", cancellation);
            string training = (await JsonNode.ParseAsync(body, cancellationToken: cancellation))!["training"]!.GetValue<string>();
            if (training == "idle" || training.StartsWith("tuning", StringComparison.Ordinal)) return;
            await Task.Delay(s_pollInterval, cancellation);
        }
    }

    /// <summary>The weights of the score mix in force for sessions, and how well it did in the Trainer's own replay.</summary>
    public async Task<string> DescribeMixAsync(CancellationToken cancellation)
    {
        await using var body = await _client.GetStreamAsync($"http://127.0.0.1:{system.TrainerPort}/v1/status", cancellation);
        var status = await JsonNode.ParseAsync(body, cancellationToken: cancellation);
        return status!["scoreMix"]?["kinds"]?["anonymous"]?.ToJsonString() ?? "none";
    }

    /// <summary>Asks with a session as history; returns at most 20 items.</summary>
    /// <param name="session">Items so far, oldest first.</param>
    public async Task<int[]> AskAsync(IReadOnlyList<ReplayClick> session, bool repeats, IReadOnlyDictionary<string, int> numbers,
        CancellationToken cancellation)
    {
        var question = new JsonObject
        {
            ["history"] = new JsonArray([.. session.TakeLast(HistoryLength).Select(click =>
                (JsonNode)new JsonObject { ["itemId"] = data.Items[click.Item], ["type"] = click.Type })]),
            ["count"] = ReplayJudge.K,
        };
        if (repeats) question["includeSeen"] = true;
        using var content = new StringContent(question.ToJsonString(), Encoding.UTF8, "application/json");
        long start = Stopwatch.GetTimestamp();
        using var answer = await _client.PostAsync($"http://127.0.0.1:{system.RecommendPort}/v1/recommendations", content, cancellation);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellation);
        LatenciesMs.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new HttpRequestException($"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(body)}");
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(item => numbers[item.GetProperty("itemId").GetString()!])];
    }

    public void Dispose() => _client.Dispose();

    private JsonObject EventOf(int click)
    {
        var (time, session, item, type, value) = data.Clicks[click];
        var json = new JsonObject
        {
            ["eventId"] = $"e{click}",
            ["sessionId"] = $"s{session}",
            ["itemId"] = data.Items[item],
            ["type"] = type,
            ["occurredAt"] = DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ"),
        };
        if (value is { } number) json["value"] = number;
        return json;
    }

    /// <summary>Repeats a request that was answered 429 or 503 after the pause that the answer states.</summary>
    private async Task PostAsync(int port, string path, string body, CancellationToken cancellation)
    {
        while (true)
        {
            using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/x-ndjson"));
            using var answer = await _client.PostAsync($"http://127.0.0.1:{port}{path}", content, cancellation);
            if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), cancellation);
                continue;
            }

            if (!answer.IsSuccessStatusCode)
                throw new HttpRequestException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}");
            return;
        }
    }
}
