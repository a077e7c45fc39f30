using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>Options for the choice of an index.</summary>
public sealed record ItemIndexOptions
{
    /// <summary>
    /// Maximum average number of rows that an exact search reads. Catalogues up to this size are always searched exactly, and larger ones
    /// if the scans of the sample queries end early enough; others by neighbourhood. 100,000 rows of rank 64 take about as long as reading
    /// 6.4 MB.
    /// </summary>
    public int LargestScanRows { get; init; } = 100_000;

    /// <summary>Options of the neighbourhood index, if one is built.</summary>
    public CellIndexOptions Cells { get; init; } = new();

    /// <summary>The kernel; null: <see cref="Recommender.Retrieval.Kernels.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }
}
