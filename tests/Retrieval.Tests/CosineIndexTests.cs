using System.Numerics.Tensors;
using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class CosineIndexTests
{
    public static TheoryData<string, int> Kernels
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var kernel in Kernel.Supported)
                foreach (int rank in new[] { 1, 7, 16, 64, 129 }) data.Add(kernel.Name, rank);
            return data;
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Scores_are_cosines_within_a_hundredth_and_the_best_are_found(string kernel, int rank)
    {
        const int Rows = 9000, Wanted = 40;
        var random = new Random(rank);
        var index = new CosineIndex(rank, Kernel.Choose(kernel));
        float[][] vectors =
            [.. Enumerable.Range(0, Rows).Select(n => Data.Normal(random, rank).Select(v => v * MathF.Pow(10, n % 7 - 3)).ToArray())];
        for (int row = Rows - 1; row >= 0; row--) index.Put(row, vectors[row]);
        float[] query = Data.Normal(random, rank);
        var results = new ScoredItem[Wanted];
        Assert.Equal(Wanted, index.Search(query, results));
        float[] cosines = [.. vectors.Select(v => TensorPrimitives.CosineSimilarity<float>(query, v))];
        float worst = cosines.OrderDescending().ElementAt(Wanted - 1);
        foreach (var result in results)
        {
            Assert.Equal(cosines[result.Item], result.Score, 0.01f);
            Assert.True(cosines[result.Item] >= worst - 0.02f);
        }

        Assert.Equal(results.OrderByDescending(r => r.Score).ThenBy(r => r.Item), results);
    }

    [Fact]
    public void A_row_can_be_replaced_and_removed_and_what_has_no_cosine_is_never_found()
    {
        var index = new CosineIndex(2);
        var results = new ScoredItem[10];
        Assert.Equal(0, index.Search([1, 0], results));
        index.Put(0, [1, 0]);
        index.Put(5000, [0, 2]);
        index.Put(2, [0, 0]);
        index.Put(3, [float.NaN, 1]);
        index.Put(4, [float.PositiveInfinity, 1]);
        index.Put(5, [-1e-40f, 0]);
        Assert.Equal([0, 5000, 5], Found(index, [3, 1], results));
        index.Put(0, [-1, -1]);
        index.Remove(5);
        index.Remove(99_999);
        Assert.Equal([5000, 0], Found(index, [3, 1], results));
        index.Put(0, [0, 0]);
        Assert.Equal([5000], Found(index, [3, 1], results));
        Assert.Empty(Found(index, [0, 0], results));
        Assert.Empty(Found(index, [float.NaN, 0], results));
        Assert.Empty(Found(index, [1, 0], []));
        Assert.Throws<ArgumentException>(() => index.Put(0, [1]));
        Assert.Throws<ArgumentException>(() => index.Search([1], results));
    }

    private static int[] Found(CosineIndex index, float[] query, ScoredItem[] results) =>
        results.Take(index.Search(query, results)).Select(r => r.Item).ToArray();
}
