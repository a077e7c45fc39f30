using FsCheck;
using FsCheck.Fluent;
using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

/// <summary>With the whole radius allowed for, a neighbourhood's answers are exact, and all that is promised of an exact index
/// holds.</summary>
public sealed class ExactCellIndexTests : IndexContract
{
    protected override IItemIndex Create(float[] factors, int rank, Kernel kernel) =>
        new CellIndex(factors, rank, new()
        {
            RecallTarget = 1,
            Cells = Math.Max(1, factors.Length / Math.Max(rank, 1) / 20),
            Rounds = 1,
            Kernel = kernel,
            Threads = 2
        });

    [Fact]
    public void Equals_the_float32_scan_to_the_bit_on_any_data()
    {
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).ToArbitrary(),
            seed =>
            {
                var random = new Random(seed);
                int n = random.Next(1, 400), rank = random.Next(1, 40);
                Data.Shape shape = Enum.GetValues<Data.Shape>()[random.Next(Enum.GetValues<Data.Shape>().Length)];
                float[] factors = Data.Factors(shape, n, rank, seed);
                var index = new CellIndex(factors, rank,
                    new() { RecallTarget = 1, Cells = random.Next(1, 60), Seed = seed, Rounds = 2, Threads = 1 });
                float[] query = Data.Query(shape, factors, rank, random);
                int k = random.Next(1, 30);
                ItemSet? allowed = random.Next(2) == 0 ? null : Data.RandomSet(random, n, random.NextDouble());
                ScoredItem[] expected = Reference.Search(new ExactIndex(factors, rank), query, k, allowed);
                ScoredItem[] actual = Reference.Search(index, query, k, allowed);
                return Same(expected, actual).Label($"{shape} {n} × {rank}, k {k}: {Difference(expected, actual)}");
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(600));
    }
}
