using System.Diagnostics;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Benchmarks.Sessions;

/// <summary>
/// <c>sessions</c>: next item of anonymous sessions. Settings are chosen on the last tenth of the train sessions, then the model is trained
/// on all of them and judged on all test pairs, next to nearest sessions alone.
/// </summary>
internal static class SessionsVerb
{
    private const int K = 20;

    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder with train_sessions.txt[.gz] and test_pairs.txt[.gz].")
        {
            IsRequiredUnlessTiny = true,
        }.WithTiny(null);
        var settings = new BenchmarkOption<string?>("--settings", "Settings as JSON, as printed by a search. Replaces the search.");
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("sessions", "Next item of sessions: P@20 and MRR@20 on a published split.", data, settings, threads)
        {
            Measure = (run, cancellation) =>
            {
                var (train, test) = run.Get(data) is { } folder ? SessionFiles.ReadSessions(folder) : GenerateTiny();
                return Task.FromResult<object>(Run(train, test, run.Get(settings), run.Get(threads), cancellation));
            },
        };
    }

    /// <param name="given">Settings as JSON; null: search.</param>
    internal static SessionsReport Run(SessionData train, NextItemCase[] test, string? given, int threads, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        SessionRun.Log(clock, $"{train.Count} sessions, {train.PairCount} pairs, {train.ItemCount} items, {test.Length} test pairs");
        var chosen = given is null ? Search(train, threads, cancellation) : SessionRun.ReadSettings(given);
        double searchSeconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        var model = SessionModel.Train(train, chosen, new SessionTrainOptions
        {
            Threads = threads,
            Progress = p => SessionRun.Log(clock, $"epoch {p.Epoch} of {p.Epochs}: loss {p.Loss:f4}"),
        }, cancellation);
        double trainSeconds = clock.Elapsed.TotalSeconds;

        var all = Judge(model);
        var neighbours = Judge(model.Neighbours);
        var encoder = Judge(model.Encoder);
        var rules = Judge(model.Rules);
        return new SessionsReport(
            SessionRun.Round(all.HitRate), SessionRun.Round(all.Mrr), SessionRun.Round(neighbours.HitRate),
                SessionRun.Round(neighbours.Mrr),
            SessionRun.Round(encoder.HitRate), SessionRun.Round(encoder.Mrr), SessionRun.Round(rules.HitRate), SessionRun.Round(rules.Mrr),
            Math.Round(trainSeconds, 1), Math.Round(searchSeconds, 1), test.Length);

        NextItemResult Judge(ISessionScorer scorer)
        {
            var result = NextItemJudge.Judge(scorer, test, K, repeats: true, threads, cancellation);
            SessionRun.Log(clock, $"{scorer.GetType().Name}: {SessionRun.Describe(result)}");
            return result;
        }
    }

    private static SessionModelSettings Search(SessionData train, int threads, CancellationToken cancellation)
    {
        int kept = train.Count - (train.Count / 10);
        var fit = train.Slice(0, kept);
        var held = train.Slice(kept, train.Count - kept);
        var validation = Enumerable.Range(0, held.Count).SelectMany(s =>
        {
            var items = held[s].ToArray();
            return Enumerable.Range(1, Math.Max(items.Length - 1, 0)).Select(t => new NextItemCase(items[..t], items[t]));
        }).ToArray();
        var start = new SessionModelSettings { Encoder = new SessionEncoderSettings { Epochs = SessionRun.ChooseEpochs(fit.PairCount) } };
        return SessionRun.Search(
            fit, validation, new SessionSearchOptions { K = K, Threads = threads, Start = start }, cancellation).Settings;
    }

    internal static (SessionData Train, NextItemCase[] Test) GenerateTiny()
    {
        var test = TinySessions.Generate(100, repeats: true, seed: 2).Select(s => new NextItemCase(s[..^1], s[^1])).ToArray();
        return (SessionData.Build(TinySessions.ItemCount, TinySessions.Generate(1500, repeats: true, seed: 1)), test);
    }
}
