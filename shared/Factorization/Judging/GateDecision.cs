namespace Recommender.Factorization.Judging;

/// <param name="Reason">For people: what was compared, with numbers.</param>
public sealed record GateDecision(bool Release, string Reason);
