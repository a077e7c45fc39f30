using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>Sum of a model's factors and an item–item term, which complement each other.</summary>
public sealed record HybridSettings : LearnerSettings
{
    /// <summary>The learner of the factors, without an item–item term.</summary>
    public LearnerSettings Factors { get; init; } = new IalsSettings();

    /// <summary>Settings of the item–item term.</summary>
    public NeighbourhoodSettings Neighbourhood { get; init; } = new();

    /// <summary>Weight of the item–item term, above 0.</summary>
    public double Weight { get; init; } = 1;

    public override LearnerSettings WithRank(int rank) => this with { Factors = Factors.WithRank(rank) };

    internal override LearnerKind Kind => LearnerKind.Neighbours;

    internal override string Composition => $"({Factors.Composition} + neighbours)";

    public override void Validate()
    {
        Require(Factors.Kind == LearnerKind.Factors, nameof(Factors), Factors.GetType().Name,
            "a learner of factors");
        Require(Weight is > 0 and <= 1e6, nameof(Weight), Weight, "above 0, at most 1,000,000");
        Factors.Validate();
        Neighbourhood.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        new HybridModel(Factors.Train(matrix, options, cancellation),
        Neighbourhood.Find(matrix, options.Threads, cancellation).With((float)Weight, (float)Neighbourhood.HistoryPower));
}
