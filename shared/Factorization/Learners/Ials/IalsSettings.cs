using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Ials;

/// <summary>Implicit alternating least squares (Hu, Koren, Volinsky 2008, as weighted by Rendle et al. 2022, arXiv:2110.14037).</summary>
public sealed record IalsSettings : LearnerSettings
{
    /// <summary>Length of a factor, 1..2048.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>
    /// Weight of the target 0, which all pairs have, relative to an average observed pair. 0..10; smaller for sparser data.
    /// </summary>
    public double Alpha0 { get; init; } = .03;

    /// <summary>Regularization, above 0.</summary>
    public double Lambda { get; init; } = .005;

    /// <summary>Exponent of a vector's frequency in its regularization, 0..1.</summary>
    public double Nu { get; init; } = 1;

    /// <summary>Number of epochs, 1..100: one half-step for users and one for items each.</summary>
    public int Epochs { get; init; } = 8;

    /// <summary>
    /// g, 0..1: the weight of observed pairs of an item with m users is multiplied by m^−g. 0 is plain iALS; above 0 popular items have
    /// less influence.
    /// </summary>
    public double Damping { get; init; }

    /// <summary>
    /// Age at which the weight of an interaction is halved in training, as a fraction of the time span of the data, 0..100. 0, and data
    /// without times: weights do not depend on age. Fold-in does not change the weights of histories.
    /// </summary>
    public double HalfLife { get; init; }

    public IalsStart Start { get; init; } = IalsStart.Random;

    public int Seed { get; init; } = 1;

    public override void Validate()
    {
        Require(Rank is >= 1 and <= 2048, nameof(Rank), Rank, "in 1..2048");
        Require(Alpha0 is >= 0 and <= 10, nameof(Alpha0), Alpha0, "in 0..10");
        Require(Lambda is > 0 and <= 1000, nameof(Lambda), Lambda, "above 0, at most 1000");
        Require(Nu is >= 0 and <= 1, nameof(Nu), Nu, "in 0..1");
        Require(Epochs is >= 1 and <= 100, nameof(Epochs), Epochs, "in 1..100");
        Require(Damping is >= 0 and <= 1, nameof(Damping), Damping, "in 0..1");
        Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");
    }

    internal override int? OwnRank => Rank;

    public override LearnerSettings WithRank(int rank) => this with { Rank = rank };

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        IalsTrainer.Train(matrix, this, options, cancellation);
}
