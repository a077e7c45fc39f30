using Recommender.Contracts;

namespace Recommender.Encoders;

/// <summary>A remote encoder does not answer, or answers with an error. Trying again later may help.</summary>
public sealed class EncoderUnavailableException(string message, Exception? inner = null) : DependencyUnavailableException(message, inner);
