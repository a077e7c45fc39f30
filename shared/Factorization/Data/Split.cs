namespace Recommender.Factorization.Data;

/// <summary>What to train on and what to predict.</summary>
/// <param name="Test">By user: items with positive targets that are not among the user's training items, ascending.</param>
public sealed record Split(InteractionMatrix Train, SparseRows Test);
