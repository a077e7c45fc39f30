namespace Recommender.Factorization.Data;

/// <summary>A division of data into a training and a test part.</summary>
/// <param name="Test">By user: items with positive targets that are not among the user's training items, ascending.</param>
public sealed record Split(InteractionMatrix Train, SparseRows Test);
