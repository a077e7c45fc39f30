using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Rp3Beta;

/// <summary>
/// RP3beta (Paudel et al. 2017) as published: item–item neighbours only, with or without normalised rows; scores are sums over the history.
/// The search uses <see cref="NeighbourhoodSettings"/>, the same neighbours as a term in addition to factors.
/// </summary>
public sealed record Rp3BetaSettings : LearnerSettings
{
    /// <summary>Number of neighbours per item, 1..5000.</summary>
    public int Neighbours { get; init; } = 500;

    /// <summary>α: penalty of active users and popular items, 0..2.</summary>
    public double Alpha { get; init; } = .8;

    /// <summary>β: penalty of popular neighbours, 0..1.</summary>
    public double Beta { get; init; } = .3;

    /// <summary>Whether the strengths of each item are scaled to a sum of 1.</summary>
    public bool NormalizesRows { get; init; } = true;

    /// <summary>Registration of the learner.</summary>
    internal static Learner Learner { get; } = Learner.Of<Rp3BetaSettings>("rp3beta",
        reader => NeighbourhoodModel.ReadBody<Rp3BetaSettings>("rp3beta", reader));

    internal override LearnerKind Kind => LearnerKind.Neighbours;

    public override void Validate()
    {
        Require(Neighbours is >= 1 and <= 5000, nameof(Neighbours), Neighbours, "in 1..5000");
        Require(Alpha is >= 0 and <= 2, nameof(Alpha), Alpha, "in 0..2");
        Require(Beta is >= 0 and <= 1, nameof(Beta), Beta, "in 0..1");
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        var walk = new ItemWalk { Neighbours = Neighbours, Alpha = Alpha, Beta = Beta, NormalizesRows = NormalizesRows };
        return new NeighbourhoodModel(Learner.Name, this, walk.Find(matrix, options.Threads, cancellation));
    }
}
