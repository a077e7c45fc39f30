namespace Recommender.Contracts;

/// <summary>A server (database, factor store, broker) is temporarily unavailable. The failed work is safe to repeat.</summary>
public abstract class DependencyUnavailableException(string message, Exception? inner) : Exception(message, inner);
