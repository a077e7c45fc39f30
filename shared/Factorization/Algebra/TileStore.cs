namespace Recommender.Factorization.Algebra;

/// <summary>What a tile does with the sums it computed.</summary>
internal enum TileStore
{
    Set,
    Add,
    Subtract,
}
