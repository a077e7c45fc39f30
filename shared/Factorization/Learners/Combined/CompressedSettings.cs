using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>
/// Low-rank approximation of another learner's model: among all models of this rank, the one with the nearest scores over its users and all
/// items (least squares; Eckart, Young 1936). It replaces the long dot products of a sum of models by a short one.
/// </summary>
public sealed record CompressedSettings : LearnerSettings
{
    /// <summary>A learner without an item–item term.</summary>
    public LearnerSettings Of { get; init; } = new SumSettings();

    /// <summary>Length of a factor, 1..2048.</summary>
    public int Rank { get; init; } = 64;

    public override LearnerSettings WithRank(int rank) => this with { Rank = rank };

    internal override int FactorLength => Rank;

    internal override string Composition => $"compressed {Of.Composition}";

    public override void Validate()
    {
        Require(Of.Kind == LearnerKind.Factors, nameof(Of), Of.GetType().Name, "a learner of factors");
        Require(Rank is >= 1 and <= 2048, nameof(Rank), Rank, "in 1..2048");
        Of.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        // Early stopping and warm start apply to factors of this rank, not to those of the other learner.
        var of = Of.Train(matrix, options with { StopAfter = null, WarmStart = null }, cancellation);
        return CompressedModel.Compress(of, matrix, Rank, options.Threads, cancellation);
    }
}
