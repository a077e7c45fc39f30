namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>An item that followed, and the decayed weight of how often.</summary>
public readonly record struct TransitionEntry(int Item, float Weight);
