using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners;

/// <summary>The one call that trains.</summary>
public static class DefaultSettings
{
    /// <summary>What is used until tuning has found better: middling values for unknown data.</summary>
    public static IalsSettings Default { get; } = new();

    /// <inheritdoc cref="LearnerSettings.Train"/>
    public static Model Train(InteractionMatrix matrix, LearnerSettings? settings = null, TrainOptions? options = null,
        CancellationToken cancellation = default) =>
        (settings ?? Default).Train(matrix, options, cancellation);
}
