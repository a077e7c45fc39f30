using System.Text.Json;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>The progress of a search. With it, and the same data and options, the search resumes where it stopped.</summary>
public sealed record TuningState(string Data, IReadOnlyList<Trial> Trials)
{
    /// <summary>
    /// Trials of the final, in order: the best of each composition on splits that the search has not used. Their scores are not comparable
    /// with those of <see cref="Trials"/>.
    /// </summary>
    public IReadOnlyList<Trial> Finals { get; init; } = [];

    /// <summary>Time of all trials so far, in seconds.</summary>
    public double SecondsSpent => Trials.Sum(t => t.Seconds) + Finals.Sum(t => t.Seconds);

    public Trial? Best => BestOf(_ => true);

    /// <summary>
    /// The best of the matching trials: by the mean score of the final if one of them was evaluated on all of its splits, else by the
    /// hold-outs. Null without a match.
    /// </summary>
    public Trial? BestOf(Func<Trial, bool> which) =>
        TuningFinal.Means(Finals.Where(which)).MaxBy(t => t.Score) ?? Trials.Where(which).MaxBy(t => t.Score);

    /// <summary>The state as JSON; <see cref="FromJson"/> restores it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LearnerRegistry.Json);

    /// <exception cref="JsonException">Not a valid state.</exception>
    public static TuningState FromJson(string json) =>
        JsonSerializer.Deserialize<TuningState>(json, LearnerRegistry.Json) ?? throw new JsonException("The tuning state is missing.");
}
