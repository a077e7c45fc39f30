namespace Recommender.Factorization.Algebra;

/// <summary>How a tile stores its sums.</summary>
internal enum TileStore
{
    Set,
    Add,
    Subtract,
}
