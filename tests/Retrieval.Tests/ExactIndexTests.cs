using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Tests;

public sealed class ExactIndexTests : IndexContract
{
    protected override IItemIndex Create(float[] factors, int rank, Kernel kernel) => new ExactIndex(factors, rank, kernel);
}
