namespace Recommender.AppHost;

/// <summary>The product cannot be started; the message is the one line that is shown.</summary>
internal sealed class LocalHostException(string message) : Exception(message);
