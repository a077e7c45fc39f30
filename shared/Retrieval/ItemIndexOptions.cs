using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>How an index is chosen.</summary>
public sealed record ItemIndexOptions
{
    /// <summary>
    /// Rows that an exact search may look at on average. Catalogues up to this size are always searched exactly; so are larger ones where
    /// scans for
    /// the sample queries end early enough, because few factors are long enough to matter; others are searched by neighbourhood. 100,000 ×
    /// 64 take
    /// about as long as reading 6.4 MB.
    /// </summary>
    public int LargestScanRows { get; init; } = 100_000;

    /// <summary>How neighbourhoods are built and searched, where there are any.</summary>
    public CellIndexOptions Cells { get; init; } = new();

    /// <summary>The inner loops; null: <see cref="Recommender.Retrieval.Kernels.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }
}
