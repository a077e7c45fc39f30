using System.Diagnostics;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Benchmarks.Sessions;

/// <summary>
/// <c>sequences</c>: the last item of each user's sequence, judged over all items without the user's earlier ones. The item before it is
/// the validation item: settings are chosen on it, the model never has it as a target, and it is input for the test.
/// </summary>
internal static class SequencesVerb
{
    private const int K = 10;

    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder with sequences.txt[.gz]: per line a user and the user's items.")
        {
            IsRequiredUnlessTiny = true,
        }.WithTiny(null);
        var settings = new BenchmarkOption<string?>("--settings", "Settings as JSON, as printed by a search. Replaces the search.");
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("sequences", "Last item of sequences: HR@10 and NDCG@10 with full ranking.", data, settings, threads)
        {
            Measure = (run, cancellation) =>
            {
                var (items, sequences) = run.Get(data) is { } folder ? SessionFiles.ReadSequences(folder) : GenerateTiny();
                return Task.FromResult<object>(Run(items, sequences, run.Get(settings), run.Get(threads), cancellation));
            },
        };
    }

    /// <param name="given">Settings as JSON; null: search.</param>
    internal static SequencesReport Run(int items, int[][] users, string? given, int threads, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var sequences = users.Where(s => s.Length >= 3).ToArray();
        var train = SessionData.Build(items, sequences.Select(s => s[..^2]));
        var validation = sequences.Select(s => new NextItemCase(s[..^2], s[^2])).ToArray();
        var test = sequences.Select(s => new NextItemCase(s[..^1], s[^1])).ToArray();
        SessionRun.Log(clock, $"{sequences.Length} users, {train.PairCount} pairs, {items} items");

        var start = new SessionModelSettings
        {
            Repeats = false,
            Encoder = new SessionEncoderSettings { Epochs = SessionRun.ChooseEpochs(train.PairCount) },
            Rules = TransitionRuleSettings.Sequential,
        };
        // The sessions of the search are those of the final model, so the model is trained once more only to measure the time.
        var chosen = given is null
            ? SessionRun.Search(train, validation, new SessionSearchOptions
            {
                K = K,
                Repeats = false,
                Threads = threads,
                Start = start,
                TrialEpochs = 4,
                MaxCases = 12_000
            }, cancellation).Settings
            : SessionRun.ReadSettings(given);
        double searchSeconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        var model = SessionModel.Train(train, chosen, new SessionTrainOptions { Threads = threads }, cancellation);
        double trainSeconds = clock.Elapsed.TotalSeconds;

        var all = Judge("model", model);
        var counted = Judge("sequential rules", TransitionRules.Count(train, TransitionRuleSettings.Sequential));
        var encoder = Judge("encoder", model.Encoder);
        var rules = Judge("rules", model.Rules);
        var neighbours = Judge("neighbours", model.Neighbours);
        return new SequencesReport(
            SessionRun.Round(all.HitRate), SessionRun.Round(all.Ndcg), SessionRun.Round(counted.HitRate), SessionRun.Round(counted.Ndcg),
            SessionRun.Round(encoder.HitRate), SessionRun.Round(encoder.Ndcg), SessionRun.Round(rules.HitRate),
                SessionRun.Round(rules.Ndcg),
            SessionRun.Round(neighbours.HitRate), SessionRun.Round(neighbours.Ndcg),
            Math.Round(trainSeconds, 1), Math.Round(searchSeconds, 1), sequences.Length);

        NextItemResult Judge(string name, ISessionScorer scorer)
        {
            var result = NextItemJudge.Judge(scorer, test, K, repeats: false, threads, cancellation);
            SessionRun.Log(clock, $"{name}: {SessionRun.Describe(result)}");
            return result;
        }
    }

    internal static (int ItemCount, int[][] Sequences) GenerateTiny() =>
        (TinySessions.ItemCount, TinySessions.Generate(800, repeats: false, seed: 1));
}
