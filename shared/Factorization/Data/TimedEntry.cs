namespace Recommender.Factorization.Data;

/// <summary>An interaction with its time, in any unit.</summary>
public readonly record struct TimedEntry(Entry Entry, long Time);
