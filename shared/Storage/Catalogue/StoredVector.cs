namespace Recommender.Storage.Catalogue;

/// <summary>The content vector of an item.</summary>
/// <param name="Version">Version of the item whose content was encoded (<see cref="CatalogueEntry.Version"/>).</param>
/// <param name="Model">Encoder. Vectors of different encoders are not comparable.</param>
/// <param name="Hash">Of the content, 16 bytes.</param>
/// <param name="Vector">As the encoder's owner encodes it. Empty: the content has nothing to encode.</param>
public sealed record StoredVector(int ItemKey, long Version, string Model, byte[] Hash, byte[] Vector);
