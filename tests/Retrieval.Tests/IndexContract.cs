using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

/// <summary>What every index that promises exact answers must do.</summary>
public abstract class IndexContract
{
    protected abstract IItemIndex Create(float[] factors, int rank, Kernel kernel);

    public static TheoryData<string> Kernels => [.. Kernel.Supported.Select(k => k.Name)];

    [Theory, MemberData(nameof(Kernels))]
    public void Equals_brute_force_to_the_bit_with_filters_and_exclusions(string kernelName)
    {
        Kernel kernel = Kernel.Choose(kernelName);
        var random = new Random(3);
        foreach (Data.Shape shape in Enum.GetValues<Data.Shape>())
        {
            foreach ((int n, int rank) in new[] { (1, 1), (7, 3), (300, 16), (900, 33), (1200, 64) })
            {
                float[] factors = Data.Factors(shape, n, rank, seed: n + rank);
                IItemIndex index = Create(factors, rank, kernel);
                Assert.Equal(n, index.Count);
                for (int round = 0; round < 12; round++)
                {
                    float[] query = Data.Query(shape, factors, rank, random);
                    int k = round switch { 0 => 0, 1 => 1, 2 => n, 3 => int.MaxValue, _ => random.Next(1, 50) };
                    ItemSet? allowed = round % 3 == 0 ? null : Data.RandomSet(random, n, round % 3 == 1 ? 0.5 : 0.02);
                    int[] excluded = [.. Enumerable.Range(0, n).Where(_ => random.Next(10) == 0)];
                    ScoredItem[] expected = Reference.Search(factors, rank, query, k, kernel, allowed, excluded);
                    ScoredItem[] actual = Reference.Search(index, query, k, allowed, excluded);
                    Assert.True(Same(expected, actual), $"{shape} {n} × {rank}, round {round}, k {k}: {Difference(expected, actual)}");
                }
            }
        }
    }

    [Fact]
    public void Orders_equal_scores_by_position()
    {
        float[] factors = [.. Enumerable.Range(0, 1000).Select(i => i % 10 == 0 ? 2f : 1f)];
        IItemIndex index = Create(factors, 1, Kernel.Default);
        Assert.Equal([0, 10, 20, 30, 40], Reference.Search(index, [1], 5).Select(s => s.Item));
        Assert.Equal([1, 2, 3, 4, 5], Reference.Search(index, [-1], 5).Select(s => s.Item));
    }

    [Fact]
    public void Never_returns_NaN_and_orders_infinities()
    {
        float[] factors = [1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 2];
        IItemIndex index = Create(factors, 1, Kernel.Default);
        Assert.Equal([2, 4, 0, 3], Reference.Search(index, [1], 5).Select(s => s.Item));
        Assert.Equal([3, 0, 4, 2], Reference.Search(index, [-1], 5).Select(s => s.Item));
        Assert.Empty(Reference.Search(index, [float.NaN], 5));
        // 0 × ∞ is NaN.
        Assert.Equal([0, 4], Reference.Search(index, [0], 5).Select(s => s.Item));
    }

    [Fact]
    public void An_infinite_query_is_answered_as_the_scan_answers_it()
    {
        float[] factors = Data.Factors(Data.Shape.Random, 400, 8, 5);
        IItemIndex index = Create(factors, 8, Kernel.Default);
        float[] query = [1, 2, float.PositiveInfinity, 0, 0, 0, 0, 1];
        Assert.Equal(Reference.Search(factors, 8, query, 30, Kernel.Default), Reference.Search(index, query, 30));
    }

    [Fact]
    public void Says_what_is_wrong_with_bad_arguments()
    {
        IItemIndex index = Create(new float[40], 4, Kernel.Default);
        Assert.Throws<ArgumentException>(() => index.Search(new float[3], 1, default, new ScoredItem[1]));
        Assert.Throws<ArgumentException>(() => index.Search(new float[4], 5, default, new ScoredItem[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(new float[4], -1, default, new ScoredItem[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Score(new float[4], [10], new float[1]));
        Assert.Throws<ArgumentException>(() => index.Score(new float[4], [1, 2], new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Factor(-1).Length);
        Assert.Throws<ArgumentException>(() => new SearchScope(null, [3, 2]).Excluded.Length);
        Assert.Throws<ArgumentException>(() => Create(new float[5], 4, Kernel.Default));
        Assert.Throws<ArgumentOutOfRangeException>(() => Create(new float[5], 0, Kernel.Default));
    }

    [Fact]
    public void An_empty_index_finds_nothing()
    {
        IItemIndex index = Create([], 4, Kernel.Default);
        Assert.Equal(0, index.Count);
        Assert.Equal(0, index.Search(new float[4], 10, default, default));
    }

    [Fact]
    public void Scores_and_factors_are_those_of_the_search()
    {
        float[] factors = Data.Factors(Data.Shape.Clustered, 500, 24, 6);
        IItemIndex index = Create(factors, 24, Kernel.Default);
        float[] query = Data.Query(Data.Shape.Clustered, factors, 24, new Random(6));
        ScoredItem[] found = Reference.Search(index, query, 50);
        var scores = new float[50];
        index.Score(query, [.. found.Select(f => f.Item)], scores);
        Assert.Equal(found.Select(f => f.Score), scores);
        Assert.Equal(factors[(24 * 17)..(24 * 18)], index.Factor(17).ToArray());
    }

    [Fact]
    public void A_search_allocates_nothing()
    {
        float[] factors = Data.Factors(Data.Shape.Clustered, 5000, 32, 8);
        IItemIndex index = Create(factors, 32, Kernel.Default);
        float[] query = Data.Query(Data.Shape.Clustered, factors, 32, new Random(8));
        ItemSet sparse = Data.RandomSet(new Random(9), 5000, 0.01), dense = Data.RandomSet(new Random(9), 5000, 0.7);
        var results = new ScoredItem[20];
        int[] excluded = [1, 5, 9];
        void SearchAll()
        {
            index.Search(query, 20, new SearchScope(null, excluded), results);
            index.Search(query, 20, new SearchScope(sparse, excluded), results);
            index.Search(query, 20, new SearchScope(dense), results);
        }

        for (int i = 0; i < 20; i++) SearchAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) SearchAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static bool Same(ScoredItem[] a, ScoredItem[] b) =>
        a.Length == b.Length && a.Zip(b).All(p => p.First.Item == p.Second.Item
        && BitConverter.SingleToInt32Bits(p.First.Score) == BitConverter.SingleToInt32Bits(p.Second.Score));

    internal static string Difference(ScoredItem[] expected, ScoredItem[] actual)
    {
        for (int i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            if (!Same([expected[i]], [actual[i]])) return $"at {i} expected {expected[i]}, found {actual[i]}";
        }

        return $"expected {expected.Length} items, found {actual.Length}";
    }
}
