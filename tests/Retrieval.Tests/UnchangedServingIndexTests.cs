using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Tests;

/// <summary>An index that nothing has changed yet must keep the contract of every index.</summary>
public sealed class UnchangedServingIndexTests : IndexContract
{
    protected override IItemIndex Create(float[] factors, int rank, Kernel kernel) =>
        new ServingIndex(ItemIndexes.Create(factors, rank, new() { Kernel = kernel }), kernel);
}
