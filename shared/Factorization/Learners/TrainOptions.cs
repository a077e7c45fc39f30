using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners;

/// <summary>How to run, which never changes what comes out, except for <see cref="WarmStart"/>.</summary>
public sealed record TrainOptions
{
    /// <summary>Default: one per core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Called after each epoch on the training thread.</summary>
    public Action<TrainProgress>? Progress { get; init; }

    /// <summary>
    /// Item factors to start from (<c>items × rank</c> of these settings), e.g. of the released model; all-zero rows for items it does not
    /// know.
    /// Learners without a start ignore it.
    /// </summary>
    public float[]? WarmStart { get; init; }

    /// <summary>Asked after each epoch with the model so far; true ends training with it. For early stopping on a hold-out.</summary>
    public Func<int, Model, bool>? StopAfter { get; init; }
}
