namespace Recommender.Encoders;

/// <summary>What is known about an encoder without encoding anything.</summary>
/// <param name="Model">Identifies the weights and the preparation of the content. Vectors of different models are not comparable.</param>
/// <param name="Dimensions">Length of every vector.</param>
/// <param name="MaxTokens">Text encoders: tokens that are read, including the two marks; the rest is cut off. 0: no limit.</param>
/// <param name="MaxCharacters">Text encoders: UTF-16 code units that are read; the rest is cut off before tokens are made.</param>
/// <param name="Threads">Threads that encode one batch; 0 if the work is done elsewhere.</param>
public sealed record EncoderDescription(string Model, int Dimensions, int MaxTokens, int MaxCharacters, int Threads);
