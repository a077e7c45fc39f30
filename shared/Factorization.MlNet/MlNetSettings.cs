namespace Recommender.Factorization.MlNet;

/// <summary>
/// ML.NET's one-class matrix factorization (libmf): coordinate descent on a loss like that of iALS with constant regularization. It ignores
/// weights and ages, leaves negative interactions out, has no seed and cannot start warm.
/// </summary>
public sealed record MlNetSettings : LearnerSettings
{
    /// <summary>Length of a factor, 1..2048.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>1..200.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Weight of pairs that were not observed, above 0, at most 10; observed ones weigh 1.</summary>
    public double Alpha { get; init; } = .05;

    /// <summary>What pairs that were not observed should score, 0..1.</summary>
    public double UnobservedTarget { get; init; } = .0001;

    /// <summary>Regularization, above 0.</summary>
    public double Lambda { get; init; } = .05;

    internal override int? OwnRank => Rank;

    public override LearnerSettings WithRank(int rank) => this with { Rank = rank };

    public override void Validate()
    {
        Require(Rank is >= 1 and <= 2048, nameof(Rank), Rank, "in 1..2048");
        Require(Epochs is >= 1 and <= 200, nameof(Epochs), Epochs, "in 1..200");
        Require(Alpha is > 0 and <= 10, nameof(Alpha), Alpha, "above 0, at most 10");
        Require(UnobservedTarget is >= 0 and <= 1, nameof(UnobservedTarget), UnobservedTarget, "in 0..1");
        Require(Lambda is > 0 and <= 1000, nameof(Lambda), Lambda, "above 0, at most 1000");
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        MlNetTrainer.Train(matrix, this, options, cancellation);
}
