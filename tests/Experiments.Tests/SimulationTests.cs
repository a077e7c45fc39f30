using Recommender.Experiments.Assignment;
using Recommender.Experiments.Statistics;

namespace Recommender.Experiments.Tests;

/// <summary>Experiments with known truth, through assignment and analysis, read at the end of every day.</summary>
public sealed class SimulationTests
{
    private const int Days = 14, NewUnitsADay = 150;

    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Returns whether any of the daily readings shows a difference. Units return on later days and differ in their click rates.
    /// </summary>
    private static bool IsFound(int seed, double lift)
    {
        // Scattered: generators of neighbouring seeds gave correlated experiments.
        var random = new Random((int)(seed * 2654435761L % int.MaxValue));
        var assigner = new Assigner(new ExperimentDefinition($"aa-{seed}", $"simulated salt {seed:d8}", ExperimentUnit.User, ["home"],
            [new("control", 0.5), new("variant", 0.5)], Ramp: 1, HoldOut: 0, s_start));
        var settings = new AnalysisSettings { PlannedUnits = Days * NewUnitsADay };
        var sums = new MetricSums[2];
        var units = new List<(int Variant, double Rate, UnitTotals Totals)>();
        bool found = false;
        for (int day = 0; day < Days; day++)
        {
            var now = s_start.AddDays(day);
            for (int n = 0; n < NewUnitsADay; n++)
            {
                double rate = 0.02 + 0.16 * random.NextDouble();
                units.Add((assigner.Assign($"unit-{units.Count}", now), rate, new(0, 0, Clicks(random, 20, rate))));
            }

            for (int n = 0; n < units.Count; n++)
            {
                var (variant, rate, before) = units[n];
                bool isNew = before.Denominator == 0;
                if (!isNew && random.NextDouble() > 0.3) continue;
                int answers = 1 + random.Next(8);
                int clicks = Clicks(random, answers, variant == 0 ? rate : rate * (1 + lift));
                var after = new UnitTotals(before.Numerator + clicks, before.Denominator + answers, before.PrePeriod);
                sums[variant] += isNew ? MetricSums.Of(after) : MetricSums.Change(before, after);
                units[n] = (variant, rate, after);
            }

            found |= VariantComparison.Compare(sums[0], sums[1], settings).IsDecided;
        }

        return found;
    }

    private static int Clicks(Random random, int answers, double rate)
    {
        int clicks = 0;
        for (int n = 0; n < answers; n++) clicks += random.NextDouble() < rate ? 1 : 0;
        return clicks;
    }

    /// <summary>At most 5 % of experiments may ever show a difference that is none.</summary>
    [Fact]
    public void Daily_peeking_at_equal_variants_raises_few_alarms()
    {
        int alarms = Enumerable.Range(0, 400).Count(seed => IsFound(seed, lift: 0));
        TestContext.Current.TestOutputHelper?.WriteLine($"{alarms} alarms of 400");
        Assert.InRange(alarms, 0, 20);
    }

    [Fact]
    public void A_large_lift_is_found()
    {
        int found = Enumerable.Range(0, 50).Count(seed => IsFound(seed, lift: 0.25));
        TestContext.Current.TestOutputHelper?.WriteLine($"{found} found of 50");
        Assert.InRange(found, 45, 50);
    }
}
