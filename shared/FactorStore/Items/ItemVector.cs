namespace Recommender.FactorStore.Items;

/// <summary>The content vector of an item's text.</summary>
/// <param name="Model">Encoder of the vector, at most 255 bytes. Vectors of different encoders are not comparable.</param>
/// <param name="Bytes">The vector in one byte per number, as the writer encoded it.</param>
public sealed record ItemVector(string Model, ReadOnlyMemory<byte> Bytes);
