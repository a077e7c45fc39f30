namespace Recommender.Retrieval;

/// <summary>How <see cref="CellIndex"/> is built and searched.</summary>
public sealed record CellIndexOptions
{
    /// <summary>Number of cells; null: one per 256 items.</summary>
    public int? Cells { get; init; }

    /// <summary>
    /// Share of the true top 20 that searches find on average, above 0; 1 makes every answer exact, at the price of visiting more cells.
    /// </summary>
    public double RecallTarget { get; init; } = 0.99;

    /// <summary>
    /// A search stops once it has scored this many rows and has its k items: a bound on the time of a search that does not depend on a clock.
    /// It may cost recall. Null: no bound.
    /// </summary>
    public int? RowBudget { get; init; }

    /// <summary>
    /// Queries to calibrate the recall with: queries × rank, row-major, such as factors of users. Null: sums of a few neighbouring items, which is what
    /// folded-in users resemble.
    /// </summary>
    public ReadOnlyMemory<float>? SampleQueries { get; init; }

    /// <summary>Rounds of k-means, at least 1.</summary>
    public int Rounds { get; init; } = 4;

    /// <summary>Same factors, options and seed give the same index whatever the number of threads.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Threads that build, at least 1.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Null: <see cref="Retrieval.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }

    internal void Check(int rank)
    {
        if (Cells is { } cells) ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1, nameof(Cells));
        if (!(RecallTarget > 0 && RecallTarget <= 1)) throw new ArgumentOutOfRangeException(nameof(RecallTarget), RecallTarget, "RecallTarget is above 0 and at most 1.");
        if (RowBudget is { } budget) ArgumentOutOfRangeException.ThrowIfLessThan(budget, 1, nameof(RowBudget));
        ArgumentOutOfRangeException.ThrowIfLessThan(Rounds, 1, nameof(Rounds));
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1, nameof(Threads));
        if (SampleQueries is { } queries && (queries.Length == 0 || queries.Length % rank != 0)) throw new ArgumentException($"SampleQueries has {queries.Length} numbers, which is not one or more queries of rank {rank}.", nameof(SampleQueries));
    }
}
