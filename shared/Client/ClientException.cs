namespace Recommender.Client;

/// <summary>The server cannot be reached, or refuses a request permanently. The message is one line for people.</summary>
public sealed class ClientException(string message, Exception? inner = null) : Exception(message, inner);
