using Recommender.Benchmarks.Harness;

namespace Recommender.Benchmarks.Replay;

/// <summary><c>replay</c>: does the product's answer hold what a visitor clicks next? On any file with times.</summary>
internal static class ReplayVerb
{
    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "File or folder with timed events.") { IsRequiredUnlessTiny = true };
        var columns = new BenchmarkOption<string?>("--columns",
            "Columns of user, item, time, and optionally session and type, separated by commas.");
        var warm = BenchmarkOptions.Number("--warm-hours", "Hours from the first event that are only learned from.", 48.0, least: .01)
            .WithTiny(6);
        var hours = BenchmarkOptions.Number("--hours", "Hours after them that are asked about.", 24.0, least: .01).WithTiny(3);
        var ask = BenchmarkOptions.Number("--ask", "Questions at most; a random sample.", 4_000, least: 1).WithTiny(20);
        var retrain = BenchmarkOptions.Number("--retrain-hours", "Event time between trainings.", 6.0, least: .01).WithTiny(2);
        var repeats = new BenchmarkOption<bool>("--repeats", "Also asks for items that the session already holds.").WithTiny(false);
        var pause = BenchmarkOptions.Number("--pause-ms",
            "Milliseconds from the last event to the question. Visitors take far longer from one click to the next.", 30, least: 0)
            .WithTiny(1);
        var seed = BenchmarkOptions.Number("--seed", "Seed of the sample.", 1, least: 0);
        var mode = BenchmarkOptions.Choice("--mode", "embedded (everything in one process) or servers (RabbitMQ, PostgreSQL, Redis).",
            "embedded", "embedded", "servers");
        return new Benchmark("replay",
            "Replays timed events through the running product and asks before each; the same for plain baselines.",
            data, columns, warm, hours, ask, retrain, repeats, pause, seed, mode)
        {
            Measure = (run, cancellation) => new ReplayRun(
                run.IsTiny ? TinyClicks.Generate() : ReplayData.Read(run.Get(data)!, run.Get(columns)),
                new ReplayOptions(run.Get(mode), run.Get(warm), run.Get(hours), run.Get(ask), run.Get(retrain), run.Get(repeats),
                    run.Get(pause), run.Get(seed)))
                .RunAsync(cancellation),
        };
    }
}
