using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Cells;

/// <summary>Options of <see cref="CellIndex"/>.</summary>
public sealed record CellIndexOptions
{
    /// <summary>Number of cells; null: one per 256 items.</summary>
    public int? Cells { get; init; }

    /// <summary>
    /// Average recall of the true top 20, above 0, at most 1. With 1 every answer is exact, and searches visit more cells.
    /// </summary>
    public double RecallTarget { get; init; } = 0.99;

    /// <summary>
    /// A search stops once it has scored this many rows and found k items. This bounds its time without a clock, and may cost recall. Null:
    /// no bound.
    /// </summary>
    public int? RowBudget { get; init; }

    /// <summary>
    /// Queries for calibration, such as factors of users: queries × rank, row-major. Null: sums of a few neighbouring items, which resemble
    /// folded-in users.
    /// </summary>
    public ReadOnlyMemory<float>? SampleQueries { get; init; }

    /// <summary>Rounds of k-means, at least 1.</summary>
    public int Rounds { get; init; } = 4;

    /// <summary>Seed of the random sample. The same factors, options and seed give the same index for any number of threads.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Number of threads of the build, at least 1.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Null: <see cref="Recommender.Retrieval.Kernels.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }

    internal void Check(int rank)
    {
        Require(Cells is null or >= 1, nameof(Cells), Cells, "at least 1");
        Require(RecallTarget is > 0 and <= 1, nameof(RecallTarget), RecallTarget, "above 0 and at most 1");
        Require(RowBudget is null or >= 1, nameof(RowBudget), RowBudget, "at least 1");
        Require(Rounds >= 1, nameof(Rounds), Rounds, "at least 1");
        Require(Threads >= 1, nameof(Threads), Threads, "at least 1");
        int? numbers = SampleQueries?.Length;
        Require(numbers is null || (numbers > 0 && numbers % rank == 0), nameof(SampleQueries),
            numbers, $"one or more queries of {rank} numbers each");
    }

    private static void Require(bool holds, string setting, object? value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
