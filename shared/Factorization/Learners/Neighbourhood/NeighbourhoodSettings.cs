using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Neighbourhood;

/// <summary>
/// Item–item neighbours by RP3beta (Paudel et al. 2017), a random walk item → user → item that penalises popular targets: <c>s_ij = m_i^−α
/// · Σ_{u has i and j} n_u^−α / m_j^β</c>. The strongest neighbours of each item are kept, scaled to a sum of 1 and rounded to half
/// precision. α = 0, β = ½ and a scale of m_i^−½ would be the cosine.
/// </summary>
public sealed record NeighbourhoodSettings : LearnerSettings
{
    /// <summary>Number of neighbours per item, 1..5000.</summary>
    public int Neighbours { get; init; } = 200;

    /// <summary>α: penalty of active users, 0..2.</summary>
    public double Alpha { get; init; } = .8;

    /// <summary>β: penalty of popular neighbours, 0..1.</summary>
    public double Beta { get; init; } = .3;

    /// <summary>0: the score grows with the history; 1: it is a mean. Only relevant in a sum with another term.</summary>
    public double HistoryPower { get; init; } = .5;

    internal override LearnerKind Kind => LearnerKind.Neighbours;

    public override void Validate()
    {
        Require(Neighbours is >= 1 and <= 5000, nameof(Neighbours), Neighbours, "in 1..5000");
        Require(Alpha is >= 0 and <= 2, nameof(Alpha), Alpha, "in 0..2");
        Require(Beta is >= 0 and <= 1, nameof(Beta), Beta, "in 0..1");
        Require(HistoryPower is >= 0 and <= 1, nameof(HistoryPower), HistoryPower, "in 0..1");
    }

    /// <summary>Computes only the neighbours.</summary>
    public ItemNeighbours Find(InteractionMatrix matrix, int threads = 1, CancellationToken cancellation = default)
    {
        Validate();
        var walk = new ItemWalk { Neighbours = Neighbours, Alpha = Alpha, Beta = Beta, NormalizesRows = true };
        return walk.Find(matrix, threads, cancellation).With(weight: 1, (float)HistoryPower);
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        new NeighbourhoodModel(NeighbourhoodModel.Name, this, Find(matrix, options.Threads, cancellation));
}
