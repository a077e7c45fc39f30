using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>One line of the progress table.</summary>
/// <param name="Asked">Settings as proposed.</param>
/// <param name="Settings">Settings as judged: epochs are those at which the score was best.</param>
/// <param name="Score">Geometric mean of the hold-outs' mean recall and NDCG: what tuning maximises.</param>
/// <param name="Curve">Score after each epoch, for learners that have them.</param>
/// <param name="Spread">How far a user's scores lie apart (standard deviation over items): the scale on which terms are added.</param>
/// <param name="First">
/// Score on the first hold-out alone. 0 when that was so far behind that the others were not asked: the other figures are then those of the
/// first
/// hold-out, scaled as the best trial's scores differ between it and all.
/// </param>
public sealed record Trial(int Number, string Stage, LearnerSettings Asked, LearnerSettings Settings, double Score, double Recall,
    double Ndcg, double Seconds, IReadOnlyList<double> Curve, double Spread = 1, double First = 0)
{
    /// <summary>In the final: which of its splits.</summary>
    public int Split { get; init; }
}
