using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

/// <summary>So must one whose rows were all appended or replaced.</summary>
public sealed class AppendedServingIndexTests : IndexContract
{
    protected override IItemIndex Create(float[] factors, int rank, Kernel kernel)
    {
        Arguments.CheckFactors(factors, rank);
        int n = factors.Length / rank, model = n / 2;
        var old = factors[..(model * rank)];
        for (int i = 0; i < model; i += 3) old.AsSpan(i * rank, rank).Fill(1e6f);
        var index = new ServingIndex(ItemIndexes.Create(old, rank, new() { Kernel = kernel }), kernel);
        for (int i = 0; i < model; i += 3) index.Put(i, factors.AsSpan(i * rank, rank));
        for (int i = model; i < n; i++) Assert.Equal(i, index.Append(factors.AsSpan(i * rank, rank)));
        return index;
    }
}
