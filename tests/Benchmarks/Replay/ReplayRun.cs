using Recommender.Benchmarks.Running;

namespace Recommender.Benchmarks.Replay;

/// <summary>Replays clicks in time order through the running product and asks before each, for the product and for plain
/// baselines.</summary>
internal sealed class ReplayRun(ReplayData data, ReplayOptions options)
{
    private const double HourMs = 3_600_000, RecentHours = 2, TuneShare = .1;
    private const int TuneLimit = 1_000;

    private readonly TunedSessionKnn _knn = new();
    private readonly Dictionary<int, List<ReplayClick>> _sessions = [];
    private readonly Random _random = new(options.Seed);

    public async Task<object> RunAsync(CancellationToken cancellation)
    {
        long start = data.Clicks[0].TimeMs;
        long warmEnd = start + (long)(options.WarmHours * HourMs), end = warmEnd + (long)(options.Hours * HourMs);
        int warm = Count(warmEnd), all = Count(end);
        if (warm == 0 || warm == all)
            throw new InvalidDataException($"{warm} clicks are in the {options.WarmHours} warm hours and {all - warm} in the "
                + $"{options.Hours} hours after; both must be above 0.");
        IReplayBaseline[] baselines = [new RecentPopular(RecentHours), new CoOccurrence(), _knn, new ItemItem()];
        var judges = baselines.ToDictionary(baseline => baseline.Name, _ => new ReplayJudge());
        var product = new ReplayJudge();
        double rate = Math.Min(1, options.Ask / (double)Math.Max(Judged(warm, all), 1));
        var numbers = data.Items.Index().ToDictionary(item => item.Item, item => item.Index, StringComparer.Ordinal);

        // Trains when this asks for it. The budget of a search is that of the product.
        var settings = new Dictionary<string, string>
        {
            ["Trainer__MinimumEvents"] = "9000000000000000000",
            ["Ingest__QueueMessagesLimit"] = "0"
        };
        await using var system = await RunningSystem.StartAsync(options.Mode, settings, withRecommend: true, cancellation);
        using var running = new ReplayProduct(system, data);
        Console.Error.WriteLine($"Sending {warm:N0} warm clicks…");
        int tuneFrom = Math.Max((int)(warm * (1 - TuneShare)), 0);
        for (int c = 0; c < warm; c++)
        {
            if (c >= tuneFrom) Tune(c, warm - tuneFrom);
            Learn(c, baselines);
            await running.AddAsync(c, cancellation);
        }

        await running.CatchUpAsync(warm, cancellation);
        Console.Error.WriteLine($"Training; session-kNN uses {_knn.Settings}…");
        await TrainAsync(running, baselines, cancellation);
        int asked = 0;
        double nextTraining = warmEnd + options.RetrainHours * HourMs;
        for (int c = warm; c < all; c++)
        {
            var click = data.Clicks[c];
            if (click.TimeMs > nextTraining)
            {
                await running.CatchUpAsync(c, cancellation);
                await TrainAsync(running, baselines, cancellation);
                while (nextTraining < click.TimeMs) nextTraining += options.RetrainHours * HourMs;
                Console.Error.WriteLine($"{(click.TimeMs - warmEnd) / HourMs:0.0} h: {asked} asked, product {product.HitRate:f4} / "
                    + $"{product.Mrr:f4}, "
                    + string.Join(", ", judges.Select(judge => $"{judge.Key} {judge.Value.HitRate:f4} / {judge.Value.Mrr:f4}")));
            }

            if (IsJudged(click) && _random.NextDouble() < rate)
            {
                asked++;
                await running.FlushAsync(cancellation);
                await Task.Delay(options.PauseMs, cancellation);
                var session = _sessions[click.Session];
                int[] items = [.. session.Select(earlier => earlier.Item)];
                product.Add(await running.AskAsync(session, options.Repeats, numbers, cancellation), click.Item);
                foreach (var baseline in baselines)
                {
                    var scores = new Dictionary<int, double>();
                    baseline.Score(items, scores);
                    judges[baseline.Name].Add(ReplayJudge.Top(scores, options.Repeats ? [] : items), click.Item);
                }
            }

            Learn(c, baselines);
            await running.AddAsync(c, cancellation);
        }

        running.LatenciesMs.Sort();
        return new
        {
            asked,
            product = new
            {
                hr20 = Round(product.HitRate),
                mrr20 = Round(product.Mrr),
                ndcg20 = Round(product.Ndcg),
                coverage20 = Round(product.Coverage(data.Items.Count))
            },
            baselines = judges.ToDictionary(judge => judge.Key, judge => new
            {
                hr20 = Round(judge.Value.HitRate),
                mrr20 = Round(judge.Value.Mrr),
                ndcg20 = Round(judge.Value.Ndcg),
            }),
            p50Ms = At(running.LatenciesMs, .5),
            p99Ms = At(running.LatenciesMs, .99),
            clicks = all,
            warmClicks = warm,
            items = data.Items.Count,
        };
    }

    private static double Round(double value) => Math.Round(value, 4);

    private static double At(List<double> sorted, double share) =>
        sorted.Count == 0 ? 0 : Math.Round(sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)], 2);

    private int Count(long beforeMs) => data.Clicks.Count(click => click.TimeMs < beforeMs);

    /// <summary>Clicks that could be asked for; sessions are followed from the first click.</summary>
    private int Judged(int from, int to)
    {
        var sessions = new Dictionary<int, HashSet<int>>();
        int judged = 0;
        for (int c = 0; c < to; c++)
        {
            var click = data.Clicks[c];
            if (!sessions.TryGetValue(click.Session, out var items)) sessions[click.Session] = items = [];
            if (c >= from && items.Count > 0 && (options.Repeats || !items.Contains(click.Item))) judged++;
            items.Add(click.Item);
        }

        return judged;
    }

    private bool IsJudged(ReplayClick click) => _sessions.TryGetValue(click.Session, out var session)
        && (options.Repeats || session.TrueForAll(earlier => earlier.Item != click.Item));

    private void Tune(int click, int candidates)
    {
        var asked = data.Clicks[click];
        if (!IsJudged(asked) || _random.NextDouble() >= TuneLimit / (double)candidates) return;
        _knn.Tune([.. _sessions[asked.Session].Select(earlier => earlier.Item)], asked.Item, options.Repeats);
    }

    private void Learn(int click, IReplayBaseline[] baselines)
    {
        var learned = data.Clicks[click];
        if (!_sessions.TryGetValue(learned.Session, out var session)) _sessions[learned.Session] = session = [];
        int[] items = [.. session.Select(earlier => earlier.Item)];
        foreach (var baseline in baselines) baseline.Learn(learned, items);
        session.Add(learned);
    }

    private static async Task TrainAsync(ReplayProduct product, IReplayBaseline[] baselines, CancellationToken cancellation)
    {
        await product.TrainAsync(cancellation);
        Console.Error.WriteLine($"Score mix: {await product.DescribeMixAsync(cancellation)}");
        foreach (var baseline in baselines) baseline.Retrain();
    }
}
