using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>
/// Sum of the scores of two learners. A sum of two dot products is one dot product of longer factors, so it is served like any other model.
/// </summary>
public sealed record SumSettings : LearnerSettings
{
    /// <summary>A learner without an item–item term.</summary>
    public LearnerSettings First { get; init; } = new IalsSettings();

    /// <inheritdoc cref="First"/>
    public LearnerSettings Second { get; init; } = new SpectralSettings();

    /// <summary>Weight of the second learner's scores, above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Divides the rank equally.</summary>
    public override LearnerSettings WithRank(int rank) =>
        this with { First = First.WithRank((rank + 1) / 2), Second = Second.WithRank(Math.Max(rank / 2, 1)) };

    internal override int FactorLength => First.FactorLength + Second.FactorLength;

    internal override string Composition => $"({First.Composition} + {Second.Composition})";

    public override void Validate()
    {
        Require(First.Kind != LearnerKind.Neighbours, nameof(First), First.GetType().Name, "a learner of factors");
        Require(Second.Kind != LearnerKind.Neighbours, nameof(Second), Second.GetType().Name, "a learner of factors");
        Require(Weight is > 0 and <= 1e6, nameof(Weight), Weight, "above 0, at most 1,000,000");
        First.Validate();
        Second.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        // Early stopping and warm start apply to factors of the sum, not to those of its parts.
        options = options with { StopAfter = null, WarmStart = null };
        return new SumModel(First.Train(matrix, options, cancellation), Second.Train(matrix, options, cancellation), (float)Weight);
    }
}
