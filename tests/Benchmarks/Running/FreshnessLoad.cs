using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// Measures over HTTP how long after the 202 of an event an answer of its user reflects it, under a fixed rate of events and
/// recommendations. The event is a view of the first item of the user's recommendations; an answer that reflects it excludes the item.
/// Then, under the same load, how long after the 202 of an item's very first event the item is in answers to another session.
/// </summary>
internal sealed class FreshnessLoad(int users, int items)
{
    public const int EventsPerSecond = 500, AnswersPerSecond = 200;

    private const int HistoryLength = 30;

    public async Task<object> RunAsync(string mode, double seconds, double warmUpSeconds, int floorRounds,
        CancellationToken cancellation)
    {
        // Trains once, on request: further training would disturb the measurement.
        var settings = new Dictionary<string, string>
        {
            ["Trainer__MinimumEvents"] = long.MaxValue.ToString(CultureInfo.InvariantCulture),
            ["Trainer__TuneBudgetSeconds"] = "0"
        };
        await using var system = await RunningSystem.StartAsync(mode, settings, withRecommend: true, cancellation);
        await FillAsync(system, cancellation);

        Console.Error.WriteLine("Warming up…");
        await MeasureAsync(system, "warm", warmUpSeconds, cancellation);
        Console.Error.WriteLine($"Measuring for {seconds} s…");
        var usedBefore = system.ProcessorSeconds();
        double ownBefore = OwnSeconds();
        var (times, answerTimes, accepting) = await MeasureAsync(system, "measured", seconds, cancellation);
        double own = OwnSeconds() - ownBefore;
        var used = system.ProcessorSeconds();
        var status = await system.GetStatusAsync(cancellation);
        double firstClickSeconds = Math.Max(seconds / 4, 1);
        Console.Error.WriteLine($"Measuring first clicks for {firstClickSeconds} s…");
        while ((await system.GetServingAsync(cancellation)).MixNumber is null) await Task.Delay(50, cancellation);
        double[] firstClicks = await MeasureFirstClicksAsync(system, firstClickSeconds, cancellation);
        Console.Error.WriteLine("Floor…");
        double[] floor = await FreshnessFloor.MeasureAsync(system, floorRounds, cancellation);

        // The stages of the path as the Trainer measures them, and the answer as the client measures it.
        var stages = status.StageMilliseconds.ToDictionary(s => s.Key, s => (s.Value.P50, s.Value.P99));
        stages.Add("answering", (At(answerTimes, .5), At(answerTimes, .99)));
        double sum = stages.Values.Sum(s => s.P50);
        return new
        {
            mode,
            seconds,
            probes = times.Length,
            p50Ms = At(times, .5),
            p95Ms = At(times, .95),
            p99Ms = At(times, .99),
            maxMs = At(times, 1),
            firstClickProbes = firstClicks.Length,
            firstClickP50Ms = firstClicks.Length == 0 ? (double?)null : At(firstClicks, .5),
            firstClickP99Ms = firstClicks.Length == 0 ? (double?)null : At(firstClicks, .99),
            stages = stages.ToDictionary(s => s.Key,
            s => new { p50Ms = Math.Round(s.Value.P50, 2), p99Ms = Math.Round(s.Value.P99, 2), share = Math.Round(s.Value.P50 / sum, 3) }),
            floorP50Ms = At(floor, .5),
            floorP99Ms = At(floor, .99),
            // Of the background load: from when an event is due to its 202.
            acceptP50Ms = Math.Round(accepting.P50, 2),
            acceptP99Ms = Math.Round(accepting.P99, 2),
            loadProcessorShare = Math.Round(own / seconds, 3),
            processorShare = used.ToDictionary(u => u.Key, u => Math.Round((u.Value - usedBefore[u.Key]) / seconds, 3)),
        };
    }

    /// <summary>users with tastes, trained and released.</summary>
    private async Task FillAsync(RunningSystem system, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"Filling in {users * HistoryLength:N0} events and training…");
        var random = new Random(1);
        var events = new List<Interaction>();
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (int user = 0; user < users; user++)
            for (int n = 0; n < HistoryLength; n++)
                events.Add(new()
                {
                    EventId = $"fill-{user}-{n}",
                    UserId = UserId(user),
                    ItemId = ItemId(RandomItem(random, user)),
                    Type = "view",
                    OccurredAt = start.AddMinutes(random.Next(10_000))
                });
        using var client = new HttpClient();
        foreach (var chunk in events.Chunk(500))
        {
            using var response = await client.PostAsJsonAsync($"http://127.0.0.1:{system.IngestPort}/v1/events", chunk,
                ContractsJson.Default.InteractionArray, cancellation);
            response.EnsureSuccessStatusCode();
        }

        while ((await system.GetStatusAsync(cancellation)).Watermarks["folded"] < events.Count) await Task.Delay(50, cancellation);
        using var asked = await client.PostAsync($"http://127.0.0.1:{system.TrainerPort}/v1/models", null, cancellation);
        asked.EnsureSuccessStatusCode();
        while ((await client.GetFromJsonAsync($"http://127.0.0.1:{system.RecommendPort}/v1/serving", ContractsJson.Default.ServingInfo,
            cancellation))!.ModelVersion is null) await Task.Delay(50, cancellation);
    }

    private async Task<(double[] Times, double[] AnswerTimes, Latency Accepting)> MeasureAsync(RunningSystem system, string name,
        double seconds, CancellationToken cancellation)
    {
        var random = new Random(2);
        byte[][] events = [.. Enumerable.Range(0, (int)(EventsPerSecond * seconds))
            .Select(n => EventOf($"{name}-{n}", random.Next(users), ItemId(random.Next(items))))];
        byte[][] questions = [.. Enumerable.Range(0, users).Select(Question)];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var probing = Task.Run(() => ProbeAsync(system, name, stop.Token), cancellation);
        var accepting = LoadGenerator.AtRateAsync(system.IngestPort, events, 32, EventsPerSecond, seconds, cancellation);
        await Task.WhenAll(accepting, LoadGenerator.AtRateAsync(system.RecommendPort, questions, 16, AnswersPerSecond, seconds,
            cancellation));
        await stop.CancelAsync();
        var (times, answerTimes) = await probing;
        return (times, answerTimes, await accepting);
    }

    private async Task<double[]> MeasureFirstClicksAsync(RunningSystem system, double seconds, CancellationToken cancellation)
    {
        var random = new Random(3);
        byte[][] events = [.. Enumerable.Range(0, (int)(EventsPerSecond * seconds))
            .Select(n => EventOf($"first-{n}", random.Next(users), ItemId(random.Next(items))))];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var probing = Task.Run(() => ProbeFirstClicksAsync(system, stop.Token), cancellation);
        await LoadGenerator.AtRateAsync(system.IngestPort, events, 32, EventsPerSecond, seconds, cancellation);
        await stop.CancelAsync();
        return await probing;
    }

    /// <summary>
    /// In a session of its own, a known item is followed by one that nobody has ever seen; another session with the known item asks until
    /// its answer has the new one.
    /// </summary>
    private async Task<double[]> ProbeFirstClicksAsync(RunningSystem system, CancellationToken stop)
    {
        using var ingest = await LoadGenerator.Connection.OpenAsync(system.IngestPort);
        using var recommend = await LoadGenerator.Connection.OpenAsync(system.RecommendPort);
        var times = new List<double>();
        for (int n = 0; n == 0 || !stop.IsCancellationRequested; n++)
        {
            string known = ItemId(n * 17 % items), added = $"new-{n}", session = $"first-click-{n}";
            byte[] mention = Encoding.UTF8.GetBytes($"\"{added}\"");
            byte[] question = LoadGenerator.Post("/v1/recommendations", $$"""{"history":[{"itemId":"{{known}}"}],"count":1000}""");
            await ingest.RoundTripAsync(LoadGenerator.Post("/v1/events", $$"""
                [{"eventId":"{{session}}-1","sessionId":"{{session}}","itemId":"{{known}}","type":"view"},
                {"eventId":"{{session}}-2","sessionId":"{{session}}","itemId":"{{added}}","type":"view"}]
                """));
            long accepted = Stopwatch.GetTimestamp();
            while ((await recommend.RoundTripAsync(question)).Span.IndexOf(mention) < 0)
            {
                if (Stopwatch.GetElapsedTime(accepted).TotalSeconds > 5)
                {
                    Console.Error.WriteLine($"First clicks are not measured: no answer to another session had item {added} within 5 s. "
                        + "The score mix of the training gives an item that followed once too little weight.");
                    return [];
                }

                await Task.Delay(1, CancellationToken.None);
            }

            times.Add(Stopwatch.GetElapsedTime(accepted).TotalMilliseconds);
            await Task.Delay(20, CancellationToken.None);
        }

        return [.. times.Order()];
    }

    private static double OwnSeconds()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>Posts one event after the other, each of another user, until cancelled.</summary>
    private async Task<(double[] Times, double[] AnswerTimes)> ProbeAsync(RunningSystem system, string name, CancellationToken stop)
    {
        using var ingest = await LoadGenerator.Connection.OpenAsync(system.IngestPort);
        using var recommend = await LoadGenerator.Connection.OpenAsync(system.RecommendPort);
        var times = new List<double>();
        var answerTimes = new List<double>();
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            int user = n * 7 % users;
            byte[] question = Question(user);
            string item = FirstItem(await recommend.RoundTripAsync(question));
            byte[] mention = Encoding.UTF8.GetBytes($"\"{item}\"");
            await ingest.RoundTripAsync(EventOf($"{name}-probe-{n}", user, item));
            long accepted = Stopwatch.GetTimestamp();
            while (true)
            {
                long asked = Stopwatch.GetTimestamp();
                var answer = await recommend.RoundTripAsync(question);
                double elapsed = Stopwatch.GetElapsedTime(accepted).TotalMilliseconds;
                if (answer.Span.IndexOf(mention) < 0)
                {
                    times.Add(elapsed);
                    answerTimes.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                    break;
                }

                if (elapsed > 30_000) throw new TimeoutException($"Event {name}-probe-{n} did not change an answer within 30 s.");
                // Requests without a pause would take processor time from the system under test.
                await Task.Delay(1, CancellationToken.None);
            }

            await Task.Delay(5, CancellationToken.None);
        }

        return ([.. times.Order()], [.. answerTimes.Order()]);
    }

    private static string FirstItem(ReadOnlyMemory<byte> answer)
    {
        int start = answer.Span.IndexOf((byte)'{'), end = answer.Span.LastIndexOf((byte)'}');
        using var body = JsonDocument.Parse(answer[start..(end + 1)]);
        return body.RootElement.GetProperty("items")[0].GetProperty("itemId").GetString()!;
    }

    private static byte[] Question(int user) => LoadGenerator.Get($"/v1/users/{UserId(user)}/recommendations");

    private static byte[] EventOf(string id, int user, string item) =>
        LoadGenerator.Post("/v1/events", $$"""{"eventId":"{{id}}","userId":"{{UserId(user)}}","itemId":"{{item}}","type":"view"}""");

    private static string UserId(int user) => FormattableString.Invariant($"user-{user:0000}");

    private static string ItemId(int item) => FormattableString.Invariant($"item-{item:0000}");

    private int RandomItem(Random random, int user) =>
        random.Next(10) == 0 ? random.Next(items) : (user % 20) + (20 * (int)(items / 20 * Math.Pow(random.NextDouble(), 2)));

    private static double At(double[] sorted, double share) =>
        Math.Round(sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)], 2);
}
