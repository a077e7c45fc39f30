namespace Recommender.Client;

/// <summary>The server cannot be reached, or it refuses a request that no repetition helps. The message is one line for a person.</summary>
public sealed class ClientException(string message, Exception? inner = null) : Exception(message, inner);
