namespace Recommender.Factorization.Judging;

/// <param name="Reason">The compared values, for people.</param>
public sealed record GateDecision(bool Release, string Reason);
