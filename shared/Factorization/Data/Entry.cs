namespace Recommender.Factorization.Data;

/// <summary>Preference of one user for one item, both by index.</summary>
/// <param name="Weight">Confidence c, above 0.</param>
/// <param name="Target">Preference p, 0..1.</param>
public readonly record struct Entry(int User, int Item, float Weight = 1, float Target = 1);
