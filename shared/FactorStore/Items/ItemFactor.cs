namespace Recommender.FactorStore.Items;

/// <param name="ModelVersion">The only model whose factors it can be compared with.</param>
public sealed record ItemFactor(long ModelVersion, ReadOnlyMemory<float> Values);
