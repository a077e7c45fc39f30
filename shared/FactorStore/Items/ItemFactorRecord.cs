namespace Recommender.FactorStore.Items;

/// <param name="Values"><c>rank</c> numbers of the model.</param>
public readonly record struct ItemFactorRecord(int ItemKey, long ModelVersion, ReadOnlyMemory<float> Values);
