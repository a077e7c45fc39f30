using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>A training with one proposal of settings, and its metrics on the hold-outs.</summary>
/// <param name="Asked">Settings as proposed.</param>
/// <param name="Settings">Settings as evaluated: with the number of epochs of the best score.</param>
/// <param name="Score">Geometric mean of recall and NDCG, each a mean over hold-outs. The search maximises it.</param>
/// <param name="Curve">Score after each epoch; empty for learners without epochs.</param>
/// <param name="Spread">Standard deviation of a user's scores over items, which determines the scale of added terms.</param>
/// <param name="First">Score on the first hold-out. 0 if it was so low that the others were skipped: the other figures are then those of
/// the first hold-out, scaled by the ratio of the best trial's scores on all hold-outs and on the first.</param>
public sealed record Trial(int Number, string Stage, LearnerSettings Asked, LearnerSettings Settings, double Score, double Recall,
    double Ndcg, double Seconds, IReadOnlyList<double> Curve, double Spread = 1, double First = 0)
{
    /// <summary>Index of the split, in the final.</summary>
    public int Split { get; init; }
}
