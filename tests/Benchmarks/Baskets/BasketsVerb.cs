using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Baskets;

/// <summary>
/// <c>baskets</c>: the other items of an order from one of them. Orders of the last fifth of the time are asked about; everything is
/// learned from the orders before.
/// </summary>
internal static class BasketsVerb
{
    private const double TestShare = .2;

    private static readonly BasketSettings s_settings = new();

    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder with online_retail.csv[.gz].") { IsRequiredUnlessTiny = true };
        var seed = BenchmarkOptions.Number("--seed", "Seed of the item that is given of each order.", 1, least: 0);
        var budget = BenchmarkOptions.Number("--budget-seconds", "Time of the search for the settings of the model.", 120.0, least: 1)
            .WithTiny(2);
        var choose = new BenchmarkOption<bool>("--choose",
            "Also judges a grid of settings on the last fifth of the training part, to stderr.").WithTiny(false);
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("baskets", "Other items of an order: recall@20 of bought together, similar items and plain co-counts.",
            data, seed, budget, choose, threads)
        {
            Measure = (run, cancellation) =>
            {
                var baskets = run.IsTiny ? BasketData.GenerateTiny() : BasketData.Read(run.Get(data)!);
                if (run.Get(choose)) LogGrid(baskets.SplitTime(TestShare).Earlier, run.Get(seed));
                return Task.FromResult<object>(Run(baskets, run.Get(seed), run.Get(budget), run.Get(threads), cancellation));
            },
        };
    }

    internal static BasketsReport Run(BasketData data, int seed, double budgetSeconds, int threads, CancellationToken cancellation)
    {
        var (train, test) = data.SplitTime(TestShare);
        var questions = new BasketQuestions(test.Baskets, seed);
        var clock = Stopwatch.StartNew();
        var rows = CountTogether(train, s_settings);
        double countSeconds = clock.Elapsed.TotalSeconds;
        var (together, coCount) = JudgeCounts(train, rows, questions);
        clock.Restart();
        var model = Train(train, budgetSeconds, threads, cancellation);
        double trainSeconds = clock.Elapsed.TotalSeconds;
        double similar = questions.Judge(item => Similar(model, item, model.Neighbours));
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"similar by factors alone: {questions.Judge(item => Similar(model, item, null)):f4}"));
        return new BasketsReport(Math.Round(together, 4), Math.Round(similar, 4), Math.Round(coCount, 4), questions.Count,
            train.Baskets.Count, data.Items, Math.Round(countSeconds, 2), Math.Round(trainSeconds, 1),
            rows.Bytes / Math.Max(rows.ItemCount, 1));
    }

    /// <summary>Recall of what is bought together and of plain co-counts, which need no model.</summary>
    internal static (double Together, double CoCount) JudgeCounts(BasketData data, int seed)
    {
        var (train, test) = data.SplitTime(TestShare);
        return JudgeCounts(train, CountTogether(train, s_settings), new BasketQuestions(test.Baskets, seed));
    }

    private static (double Together, double CoCount) JudgeCounts(BasketData train, TransitionTable rows, BasketQuestions questions) =>
        (questions.Judge(Together(rows, s_settings)), questions.Judge(CoCount(train)));

    /// <summary>Rows as the product keeps them, filled line by line.</summary>
    private static TransitionTable CountTogether(BasketData data, BasketSettings settings)
    {
        var table = new TransitionTable(settings.Rows);
        var pairs = new BasketPairs(settings);
        var group = new List<SessionEvent>();
        var deltas = new List<PairDelta>();
        long sequence = 0;
        foreach (var basket in data.Baskets)
        {
            group.Clear();
            foreach (var (item, _) in basket.Lines)
            {
                deltas.Clear();
                pairs.Insert(group, hasId: true, new SessionEvent(basket.TimeMs, ++sequence, item, 1), deltas);
                foreach (var delta in deltas) table.Add(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
            }
        }

        return table;
    }

    private static Func<int, IEnumerable<(int Item, double Score)>> Together(TransitionTable rows, BasketSettings settings)
    {
        var ranking = new BasketRanking(rows, settings);
        return item => ranking.ScoresOf(item).Select(entry => (entry.Item, (double)entry.Weight));
    }

    /// <summary>In how many orders both items are.</summary>
    private static Func<int, IEnumerable<(int Item, double Score)>> CoCount(BasketData data)
    {
        var basketsOf = data.Baskets.SelectMany(basket => basket.Lines.Select(line => (line.Item, basket)))
            .ToLookup(p => p.Item, p => p.basket);
        return item =>
        {
            var counts = new Dictionary<int, double>();
            foreach (var basket in basketsOf[item])
                foreach (var (other, _) in basket.Lines) counts[other] = counts.GetValueOrDefault(other) + 1;
            return counts.Select(count => (count.Key, count.Value));
        };
    }

    /// <summary>Searches settings and trains as the Trainer does, on preferences of customers.</summary>
    private static Model Train(BasketData data, double budgetSeconds, int threads, CancellationToken cancellation)
    {
        var weights = EventWeights.Create();
        var entries = new List<TimedEntry>();
        foreach (var basket in data.Baskets)
        {
            foreach (var (item, quantity) in basket.Lines)
            {
                var preference = weights.Of("purchase", quantity, 0);
                entries.Add(new TimedEntry(
                    new Entry(basket.Customer, item, (float)preference.Weight, (float)preference.Target), basket.TimeMs / 1000));
            }
        }

        var timed = new TimedEntries(data.Customers, data.Items, entries);
        var clock = Stopwatch.StartNew();
        var found = Tuner.Run(TimeWindows.ForSearch(timed), new TuningOptions { BudgetSeconds = budgetSeconds, Threads = threads },
            () => clock.Elapsed.TotalSeconds, null, state =>
            {
                var trial = state.Finals.Count > 0 ? state.Finals[^1] : state.Trials[^1];
                Console.Error.WriteLine($"{state.SecondsSpent,7:f1} s  {trial.Recall:f4}  {trial.Settings.ToJson()}");
            }, cancellation);
        return found.Best!.Settings.Train(timed.Preferences(timed.Count), new TrainOptions { Threads = threads }, cancellation);
    }

    /// <summary>
    /// As Recommend scores similar items: the cosine of factors, and how often items are consumed together in relation to the strongest
    /// neighbour.
    /// </summary>
    private static IEnumerable<(int Item, double Score)> Similar(Model model, int item, ItemNeighbours? neighbours)
    {
        int rank = model.Rank;
        var scores = new double[model.ItemCount];
        if (rank > 0 && TensorPrimitives.Norm(FactorOf(model, item)) is > 0 and var norm)
        {
            for (int other = 0; other < scores.Length; other++)
            {
                float otherNorm = TensorPrimitives.Norm(FactorOf(model, other));
                if (otherNorm > 0) scores[other] = TensorPrimitives.Dot(FactorOf(model, item), FactorOf(model, other)) / (norm * otherNorm);
            }
        }

        if (neighbours is not null && neighbours.StrengthsOf(item) is { Length: > 0 } strengths
            && TensorPrimitives.Max(strengths) is > 0 and var strongest)
        {
            for (int n = 0; n < strengths.Length; n++) scores[neighbours.Of(item)[n]] += strengths[n] / strongest;
        }

        return scores.Select((score, other) => (other, score));
    }

    private static ReadOnlySpan<float> FactorOf(Model model, int item) => model.ItemFactors.Span.Slice(item * model.Rank, model.Rank);

    private static void LogGrid(BasketData train, int seed)
    {
        var (fit, held) = train.SplitTime(TestShare);
        var questions = new BasketQuestions(held.Baskets, seed);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"plain co-counts: {questions.Judge(CoCount(fit)):f4}"));
        foreach (int length in new[] { 50, 100, 256, 4096 })
        {
            foreach (double damping in new[] { 0, 5.0, 20 })
            {
                foreach (int days in new[] { 60, 150, 0 })
                {
                    var counted = new BasketSettings { RowLength = length, Damping = damping, HalfLifeMs = days * 86_400_000L };
                    var rows = CountTogether(fit, counted);
                    var recalls = new[] { 0, .25, .5, 1 }.Select(power =>
                        questions.Judge(Together(rows, counted with { PopularityPower = power }))
                            .ToString("f4", CultureInfo.InvariantCulture));
                    Console.Error.WriteLine($"row {length}, damping {damping}, half-life {days} days, popularity power 0 .25 .5 1: "
                        + string.Join(' ', recalls));
                }
            }
        }
    }
}
