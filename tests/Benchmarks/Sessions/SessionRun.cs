using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Benchmarks.Sessions;

/// <summary>What both verbs share: the search with its progress on stderr, and settings given on the command line.</summary>
internal static class SessionRun
{
    /// <summary>Passes over few pairs are cheap, and few pairs need more of them.</summary>
    public static int ChooseEpochs(int pairs) => (int)Math.Clamp(Math.Round(3_600_000.0 / Math.Max(pairs, 1)), 5, 15);

    public static SessionSearchResult Search(
        SessionData data, IReadOnlyList<NextItemCase> validation, SessionSearchOptions options, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var found = SessionModelSearch.Run(data, validation, options with
        {
            Progress = t =>
            {
                // Weights are tried by the hundred in milliseconds: only what is better is worth a line.
                if (t.IsBest || t.Part != "blend") Log(clock, $"{t.Part} {t.Change}: {Describe(t.Result)}{(t.IsBest ? " *" : "")}");
            },
        }, cancellation);
        Log(clock, $"validation: encoder {Describe(found.Encoder)}, rules {Describe(found.Rules)}");
        Log(clock, $"validation: neighbours {Describe(found.Neighbours)}, blend {Describe(found.Blend)}");
        Log(clock, $"settings: {JsonSerializer.Serialize(found.Settings)}");
        return found;
    }

    public static SessionModelSettings ReadSettings(string json) =>
        JsonSerializer.Deserialize<SessionModelSettings>(json)
            ?? throw new JsonException("--settings must be the settings that a search printed.");

    public static string Describe(NextItemResult r) =>
        string.Create(CultureInfo.InvariantCulture, $"HR@{r.K} {r.HitRate:f4} MRR {r.Mrr:f4} NDCG {r.Ndcg:f4}");

    public static void Log(Stopwatch clock, string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:f1} s  {line}"));

    public static double Round(double value) => Math.Round(value, 4);
}
