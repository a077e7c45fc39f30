namespace Recommender.Storage.Catalogue;

/// <summary>Content vectors of items by name, such as <c>text</c>. A deleted item has none.</summary>
public interface IVectorStore
{
    /// <summary>
    /// Entries after a position whose vector is missing, of another encoder or of an older version, by ascending version and key; at most
    /// <paramref name="limit"/>. Deleted items and items known only from events are left out.
    /// </summary>
    /// <param name="afterVersion">Position: the version of an entry; −1 with any key: the beginning.</param>
    /// <param name="afterKey">Position: the key of that entry.</param>
    Task<IReadOnlyList<CatalogueEntry>> ListItemsToEncodeAsync(string name, string model, long afterVersion, int afterKey, int limit,
        CancellationToken cancellationToken);

    /// <summary>Vectors of the same content by the same encoder, by hash in hexadecimal. Unknown hashes are left out.</summary>
    Task<IReadOnlyDictionary<string, byte[]>> FindVectorsAsync(string model, IReadOnlyCollection<byte[]> hashes,
        CancellationToken cancellationToken);

    /// <summary>Writes vectors. Those of items that were deleted meanwhile are left out.</summary>
    Task PutVectorsAsync(string name, IReadOnlyList<StoredVector> vectors, CancellationToken cancellationToken);

    /// <summary>Vectors with a key above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<StoredVector>> ReadVectorsAsync(string name, int afterKey, int limit, CancellationToken cancellationToken);
}
