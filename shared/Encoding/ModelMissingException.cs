namespace Recommender.Encoders;

/// <summary>A model file does not exist or cannot be read.</summary>
public sealed class ModelMissingException(string message, Exception? inner = null) : Exception(message, inner);
