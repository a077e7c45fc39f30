using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Spectral;

/// <summary>
/// A linear model: a user's factor is the normalised sum of the input vectors of their items, from the spectral basis. Output vectors come
/// from the basis, from a ridge regression that predicts each item from its users' other items (leave-one-out, so that an item does not
/// predict itself), or from both.
/// </summary>
public sealed record SpectralSettings : LearnerSettings
{
    /// <summary>Length of a factor, 1..2048.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>a: penalty of active users, 0..1.</summary>
    public double UserPower { get; init; } = .5;

    /// <summary>b: penalty of popular items, 0..1.</summary>
    public double ItemPower { get; init; } = .5;

    /// <summary>s: added to counts before exponentiation, 0..1000; reduces the influence of small dense clusters.</summary>
    public double Smoothing { get; init; }

    /// <summary>Number of power iterations, 1..10; at small ranks at most two.</summary>
    public int PowerSteps { get; init; } = 2;

    /// <summary>Share of the spectral output vectors, 0..1: 0 is ridge only, 1 spectral only, without training.</summary>
    public double SpectralShare { get; init; } = .2;

    /// <summary>y: exponent of popularity in the length of spectral output vectors, −1..1.</summary>
    public double OutputPower { get; init; } = .5;

    /// <summary>Ridge: weight of the target 0, which all pairs have; 0..10.</summary>
    public double Alpha0 { get; init; } = .03;

    /// <summary>Ridge: regularization, above 0.</summary>
    public double Lambda { get; init; } = .005;

    /// <summary>Ridge: g, as in iALS, 0..1.</summary>
    public double Damping { get; init; } = .3;

    /// <summary>
    /// Age at which the weight of an interaction is halved in training, as a fraction of the time span of the data, 0..100. 0, and data
    /// without times: weights do not depend on age. Fold-in does not change the weights of histories.
    /// </summary>
    public double HalfLife { get; init; }

    public int Seed { get; init; } = 1;

    internal override int? OwnRank => Rank;

    public override LearnerSettings WithRank(int rank) => this with { Rank = rank };

    public override void Validate()
    {
        Require(Rank is >= 1 and <= 2048, nameof(Rank), Rank, "in 1..2048");
        Require(UserPower is >= 0 and <= 1, nameof(UserPower), UserPower, "in 0..1");
        Require(ItemPower is >= 0 and <= 1, nameof(ItemPower), ItemPower, "in 0..1");
        Require(Smoothing is >= 0 and <= 1000, nameof(Smoothing), Smoothing, "in 0..1000");
        Require(PowerSteps is >= 1 and <= 10, nameof(PowerSteps), PowerSteps, "in 1..10");
        Require(SpectralShare is >= 0 and <= 1, nameof(SpectralShare), SpectralShare, "in 0..1");
        Require(OutputPower is >= -1 and <= 1, nameof(OutputPower), OutputPower, "in -1..1");
        Require(Alpha0 is >= 0 and <= 10, nameof(Alpha0), Alpha0, "in 0..10");
        Require(Lambda is > 0 and <= 1000, nameof(Lambda), Lambda, "above 0, at most 1000");
        Require(Damping is >= 0 and <= 1, nameof(Damping), Damping, "in 0..1");
        Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        SpectralTrainer.Train(matrix, this, options, cancellation);
}
