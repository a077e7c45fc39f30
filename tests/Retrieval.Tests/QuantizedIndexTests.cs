using FsCheck;
using FsCheck.Fluent;
using Recommender.Retrieval.Kernels;
using Recommender.Retrieval.Quantized;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class QuantizedIndexTests : IndexContract
{
    protected override IItemIndex Create(float[] factors, int rank, Kernel kernel) => new QuantizedIndex(factors, rank, kernel);

    [Fact]
    public void Equals_the_float32_scan_to_the_bit_on_any_data()
    {
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).ToArbitrary(),
            seed =>
            {
                var random = new Random(seed);
                int n = random.Next(1, 400), rank = random.Next(1, 70);
                Data.Shape shape = Enum.GetValues<Data.Shape>()[random.Next(Enum.GetValues<Data.Shape>().Length)];
                float[] factors = Data.Factors(shape, n, rank, seed);
                float[] query = Data.Query(shape, factors, rank, random);
                int k = random.Next(1, 30);
                ScoredItem[] expected = Reference.Search(new ExactIndex(factors, rank), query, k);
                ScoredItem[] actual = Reference.Search(new QuantizedIndex(factors, rank), query, k);
                return Same(expected, actual).Label($"{shape} {n} × {rank}, k {k}: {Difference(expected, actual)}");
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    /// <summary>Sets of every share of the items, which are scanned, picked from or gathered, beside lengths so skewed that scans end
    /// early.</summary>
    [Theory]
    [InlineData(0.004)]
    [InlineData(0.02)]
    [InlineData(0.1)]
    [InlineData(0.24)]
    [InlineData(0.5)]
    public void Filters_of_every_share_equal_the_reference_and_read_less_than_everything(double share)
    {
        const int N = 20_000, Rank = 24, K = 20;
        var random = new Random(7);
        float[] factors = [.. Enumerable.Range(0, N)
            .SelectMany(item => Data.Normal(random, Rank).Select(v => v / (1 + (((item * 7919) % N) * 0.05f))))];
        var index = new QuantizedIndex(factors, Rank);
        const int Rounds = 20;
        long read = 0;
        for (int round = 0; round < Rounds; round++)
        {
            var allowed = new ItemSet(N);
            for (int item = 0; item < N; item++) if (random.NextDouble() < share) allowed.Add(item);
            float[] query = Data.Normal(random, Rank);
            int[] excluded = [.. Enumerable.Range(0, 30).Select(_ => random.Next(N)).Order()];
            ScoredItem[] expected = Reference.Search(factors, Rank, query, K, Kernel.Default, allowed, excluded);
            var results = new ScoredItem[K];
            int found = index.Search(query, K, new SearchScope(allowed, excluded), results, out int rows);
            Assert.True(Same(expected, results[..found]), Difference(expected, results[..found]));
            read += rows;
        }

        Assert.True(read < N * Rounds * 3L / 4, $"{read / Rounds} rows were read on average");
    }

    /// <summary>
    /// Where all factors point the way of the query, the product of the lengths is the score: the bound that ends a scan has no room to
    /// spare. Several
    /// searches at once go on from float32 scores, so the threshold has none either.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(200)]
    public void A_scan_ends_early_only_where_nothing_is_missed(int rank)
    {
        const int N = 5000, K = 20;
        var random = new Random(rank);
        for (int round = 0; round < 10; round++)
        {
            float[] direction = [.. Enumerable.Range(0, rank).Select(_ => random.NextSingle() - 0.5f)];
            // Units in the last place decide the order of the scores, and not as that of the lengths.
            float[] factors = [.. Enumerable.Range(0, N)
                .SelectMany(_ => direction.Select(v => v * (1 + ((random.Next(3) - 1) * 1.2e-7f))))];
            ScoredItem[] expected = Reference.Search(factors, rank, direction, K, Kernel.Default);
            var index = new QuantizedIndex(factors, rank);
            Assert.True(Same(expected, Reference.Search(index, direction, K)), Difference(expected, Reference.Search(index, direction, K)));
        }
    }

    [Fact]
    public unsafe void No_float32_score_exceeds_its_bound_and_the_bound_is_tight_enough_to_be_useful()
    {
        foreach (Data.Shape shape in Enum.GetValues<Data.Shape>())
        {
            foreach (int rank in new[] { 1, 16, 64, 100 })
            {
                const int N = 300;
                float[] factors = Data.Factors(shape, N, rank, rank);
                QuantizedRows rows = QuantizedRows.Of(factors, rank);
                var random = new Random(rank);
                for (int round = 0; round < 20; round++)
                {
                    float[] query = Data.Query(shape, factors, rank, random);
                    var quantized = new short[rows.Stride];
                    if (!QuantizedQuery.TryCreate(query, rows, quantized, out Bound bound, out float length)) continue;
                    int[] sums = new int[N], narrowSums = new int[N];
                    var narrow = new byte[rows.Stride];
                    Bound narrowBound = QuantizedQuery.Narrow(query, rows, bound, length, narrow);
                    Assert.All(narrow, w => Assert.InRange(w, 1, Kernel.LargestNarrow));
                    Kernel first = Kernel.Default.HasNarrow(rows.Stride) ? Kernel.Default : Kernel.Choose("scalar");
                    fixed (byte* w = narrow) fixed (int* s = narrowSums)
                        first.DotsNarrow(w, rows.Rows, rows.NarrowOffsets, rows.Stride, N, s);
                    fixed (short* q = quantized) fixed (int* s = sums) Kernel.Default.DotsInt8(q, rows.Rows, rows.Stride, N, s);
                    double queryNorm = Math.Sqrt(query.Sum(v => (double)v * v));
                    for (int i = 0; i < N; i++)
                    {
                        float score = Kernel.Default.Dot(query, factors.AsSpan(i * rank, rank));
                        float upper = bound.Upper(sums[i], rows.Scales[i]);
                        Assert.False(upper < score, $"{shape} × {rank}: {score} exceeds {upper}");
                        float lower = -bound.Upper(-sums[i], rows.Scales[i]);
                        Assert.False(lower > score, $"{shape} × {rank}: {score} is below {lower}");
                        float narrowUpper = narrowBound.Upper(narrowSums[i], rows.Scales[i]);
                        Assert.False(narrowUpper < score, $"{shape} × {rank}: {score} exceeds {narrowUpper}, at first look");
                        if (shape != Data.Shape.Random || rank < 16) continue;
                        double norm = Math.Sqrt(factors.Skip(i * rank).Take(rank).Sum(v => (double)v * v));
                        Assert.True(upper - score < 0.05 * queryNorm * norm, $"{upper} is far above {score}");
                        Assert.True(narrowUpper - score < 0.1 * queryNorm * norm, $"{narrowUpper} is far above {score}, at first look");
                    }
                }
            }
        }
    }
}
