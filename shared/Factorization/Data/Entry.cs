namespace Recommender.Factorization.Data;

/// <summary>What one user thinks of one item, by index.</summary>
/// <param name="Weight">Confidence c &gt; 0.</param>
/// <param name="Target">p in 0..1.</param>
public readonly record struct Entry(int User, int Item, float Weight = 1, float Target = 1);
