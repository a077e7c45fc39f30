using System.Globalization;

namespace Recommender.Factorization.Judging;

/// <summary>
/// Decides whether a new model may be released. Compares NDCG and recall on a hold-out that none of the models was trained on.
/// </summary>
public static class ReleaseGate
{
    /// <param name="serving">The model in service on the same hold-out; null before the first release.</param>
    /// <param name="popularity">The popularity baseline on the same hold-out.</param>
    /// <param name="tolerance">Relative difference by which the candidate may be worse than the model in service, 0..1, because hold-outs
    /// are noisy.</param>
    /// <param name="candidateIsPopularity">Whether the candidate is the popularity baseline, which need not beat itself.</param>
    public static GateDecision Decide(
        EvaluationResult candidate, EvaluationResult? serving, EvaluationResult popularity, double tolerance = .02,
            bool candidateIsPopularity = false)
    {
        if (tolerance is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance,
            "The tolerance must be in 0..1.");
        if (candidate.Users != popularity.Users || (serving is not null && serving.Users != candidate.Users))
            throw new ArgumentException($"Results are of different hold-outs: {candidate.Users}, {serving?.Users}, {popularity.Users} "
                + $"users.", nameof(candidate));
        if (candidate.Users == 0) return DecideUnjudged(isModelInService: serving is not null);
        if (!candidateIsPopularity && candidate.Ndcg <= popularity.Ndcg)
            return new GateDecision(false,
                Text($"Rejected: NDCG@{candidate.K} {candidate.Ndcg:f4} is not above popularity's {popularity.Ndcg:f4}."));
        if (serving is null)
            return new GateDecision(true,
                Text($"Released: NDCG@{candidate.K} {candidate.Ndcg:f4}, popularity {popularity.Ndcg:f4}; no model was in service."));
        foreach (var (name, mine, theirs) in new[] { ("NDCG", candidate.Ndcg, serving.Ndcg), ("Recall", candidate.Recall, serving.Recall) })
        {
            if (mine < theirs * (1 - tolerance))
                return new GateDecision(false,
                    Text($"Rejected: {name}@{candidate.K} {mine:f4} is over {tolerance:p1} below the {theirs:f4} of the model in service."));
        }

        return new GateDecision(true,
            Text($"Released: NDCG@{candidate.K} {candidate.Ndcg:f4} against {serving.Ndcg:f4} in service and {popularity.Ndcg:f4} of popularity."));
    }

    /// <summary>The decision without a hold-out: a first model is released, but no model replaces another without evaluation.</summary>
    public static GateDecision DecideUnjudged(bool isModelInService) => isModelInService
        ? new GateDecision(false,
            "Rejected: there are no held-out events to judge by, and a model is in service. It can be released by hand.")
        : new GateDecision(true, "Released unjudged: there are no held-out events yet, and no model is in service.");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
