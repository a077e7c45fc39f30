using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>
/// Another learner, with histories weighted by recency at fold-in: the weight of an entry with p newer entries is multiplied by <c>1 / (1 +
/// p / HalfLife)</c>. Useful where users have one interest at a time. Training is not affected.
/// </summary>
/// <remarks>Weights depend on places and not on ages, so that a history has the same meaning a week later.</remarks>
public sealed record RecencySettings : LearnerSettings
{
    /// <summary>Any learner except this one.</summary>
    public LearnerSettings Of { get; init; } = new IalsSettings();

    /// <summary>Number of newer entries at which a weight is halved, above 0, at most 10,000.</summary>
    public double HalfLife { get; init; } = 5;

    public override LearnerSettings WithRank(int rank) => this with { Of = Of.WithRank(rank) };

    internal override LearnerKind Kind => LearnerKind.Recency;

    internal override string Composition => $"{Of.Composition} by recency";

    public override void Validate()
    {
        Require(Of.Kind != LearnerKind.Recency, nameof(Of), Of.GetType().Name, "another learner");
        Require(HalfLife is > 0 and <= 10_000, nameof(HalfLife), HalfLife, "above 0, at most 10,000");
        Of.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        new RecencyModel(Of.Train(matrix, options with { StopAfter = null }, cancellation), (float)HalfLife);
}
