namespace Recommender.Contracts;

/// <summary>A server that the work depends on (database, factor store, broker) cannot be used for now. Repeating the work later is
/// safe.</summary>
public abstract class DependencyUnavailableException(string message, Exception? inner) : Exception(message, inner);
