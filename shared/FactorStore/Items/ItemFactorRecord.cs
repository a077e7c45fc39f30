namespace Recommender.FactorStore.Items;

/// <param name="Values">As many numbers as the model's rank.</param>
public readonly record struct ItemFactorRecord(int ItemKey, long ModelVersion, ReadOnlyMemory<float> Values);
