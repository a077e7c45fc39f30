using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>
/// Another learner whose histories count by recency when users are folded in: an entry with p newer ones weighs <c>1 / (1 + p /
/// HalfLife)</c> of
/// its weight. Where people come for one thing at a time, the last few items tell what. Learning itself takes all interactions as they are.
/// </summary>
/// <remarks>By place and not by age, so that a history means the same a week later, and a visit of an hour counts as a year of visits
/// does.</remarks>
public sealed record RecencySettings : LearnerSettings
{
    /// <summary>Any learner but this one.</summary>
    public LearnerSettings Of { get; init; } = new IalsSettings();

    /// <summary>Newer entries that halve the weight, above 0, at most 10,000.</summary>
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
