namespace Recommender.LocalServers;

/// <summary>A server was started and did not become ready; the message ends with the last lines of its log.</summary>
public sealed class ServerFailedException(string message, Exception? inner = null) : Exception(message, inner);
