using System.Text.Json;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>The progress of a search. With it, and the same data and options, the search resumes where it stopped.</summary>
public sealed record TuningState(string Data, IReadOnlyList<Trial> Trials)
{
    /// <summary>The best of each kind as judged again, on splits that the search has not seen, in order; their scores are not comparable
    /// with the trials'.</summary>
    public IReadOnlyList<Trial> Finals { get; init; } = [];

    public double SecondsSpent => Trials.Sum(t => t.Seconds) + Finals.Sum(t => t.Seconds);

    public Trial? Best => BestOf(_ => true);

    /// <summary>The best of some trials: by the mean of the final where it has judged one of them, on as many splits as any; else by the
    /// hold-outs.</summary>
    public Trial? BestOf(Func<Trial, bool> which) =>
        TuningFinal.Means(Finals.Where(which)).MaxBy(t => t.Score) ?? Trials.Where(which).MaxBy(t => t.Score);

    public string ToJson() => JsonSerializer.Serialize(this, LearnerRegistry.Json);

    /// <exception cref="JsonException">Not a state.</exception>
    public static TuningState FromJson(string json) =>
        JsonSerializer.Deserialize<TuningState>(json, LearnerRegistry.Json) ?? throw new JsonException("The tuning state is missing.");
}
