using Recommender.Benchmarks.Harness;

namespace Recommender.Benchmarks.Running;

/// <summary><c>freshness</c>: how long after the 202 of an event an answer reflects it.</summary>
internal static class FreshnessVerb
{
    public static Benchmark Create()
    {
        var mode = BenchmarkOptions.Mode();
        var seconds = BenchmarkOptions.Number("--seconds", "Time of the measurement.", 20.0, least: .5).WithTiny(1);
        var users = BenchmarkOptions.Number("--users", "Users, each with 30 earlier events.", 2_000, least: 20).WithTiny(100);
        var items = BenchmarkOptions.Number("--items", "Items.", 3_000, least: 100).WithTiny(400);
        var warmUp = BenchmarkOptions.Number("--warm-up-seconds", "Time of the same load before the measurement.", 8.0, least: .1)
            .WithTiny(.5);
        var floorRounds = BenchmarkOptions.Number("--floor-rounds", "Rounds of the floor.", 300, least: 1).WithTiny(20);
        return new Benchmark("freshness",
            $"Time from the 202 of an event to an answer that reflects it, under {FreshnessLoad.EventsPerSecond} events/s and "
            + $"{FreshnessLoad.AnswersPerSecond} recommendations/s.", mode, seconds, users, items, warmUp, floorRounds)
        {
            Floor = ["floorP50Ms", "floorP99Ms"],
            Measure = (run, cancellation) => new FreshnessLoad(run.Get(users), run.Get(items))
                .RunAsync(run.Get(mode), run.Get(seconds), run.Get(warmUp), run.Get(floorRounds), cancellation),
        };
    }
}
