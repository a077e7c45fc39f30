namespace Recommender.FactorStore.Items;

/// <param name="ModelVersion">Model of the factor. Factors of other models are not comparable.</param>
public sealed record ItemFactor(long ModelVersion, ReadOnlyMemory<float> Values);
