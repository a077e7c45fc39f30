using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners;

/// <summary>Options of a training. Except for <see cref="WarmStart"/> and <see cref="StopAfter"/> they do not change the result.</summary>
public sealed record TrainOptions
{
    /// <summary>Number of threads, at least 1. Default: one per core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Called after each epoch on the training thread.</summary>
    public Action<TrainProgress>? Progress { get; init; }

    /// <summary>
    /// Initial item factors, such as those of the released model: <c>items × rank</c> of the settings, row-major, with zero rows for new
    /// items. Learners without initial factors ignore it.
    /// </summary>
    public float[]? WarmStart { get; init; }

    /// <summary>
    /// Called after each epoch with its number and the current model; true ends the training with this model. For early stopping.
    /// </summary>
    public Func<int, Model, bool>? StopAfter { get; init; }
}
