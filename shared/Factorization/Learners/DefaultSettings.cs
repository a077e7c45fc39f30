using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners;

/// <summary>Training with default settings.</summary>
public static class DefaultSettings
{
    /// <summary>Settings before the first search: moderate values for unknown data.</summary>
    public static IalsSettings Default { get; } = new();

    /// <inheritdoc cref="LearnerSettings.Train"/>
    public static Model Train(InteractionMatrix matrix, LearnerSettings? settings = null, TrainOptions? options = null,
        CancellationToken cancellation = default) =>
        (settings ?? Default).Train(matrix, options, cancellation);
}
