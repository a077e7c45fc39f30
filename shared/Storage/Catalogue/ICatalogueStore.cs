using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

public interface ICatalogueStore
{
    /// <summary>
    /// Applies PutItem, PatchItem and DeleteItem commands in order, in one transaction, and returns the resulting entries. A command that
    /// would make its item invalid, or whose condition does not hold, has no effect and is in <see cref="CatalogueResult.Failed"/>. A
    /// change that was already applied to its item (<see cref="Command.ChangeId"/>) and a patch of a deleted item are ignored and counted.
    /// A vector of another length than the catalogue's fails; a deleted item has no vector. Deleting an unknown item leaves a tombstone:
    /// events do not make the item available, only a put does.
    /// </summary>
    Task<CatalogueResult> ApplyCatalogueAsync(IReadOnlyList<Command> commands, CancellationToken cancellationToken);

    /// <summary>Length of all vectors of the catalogue; null if no item has a vector.</summary>
    Task<int?> GetVectorLengthAsync(CancellationToken cancellationToken);

    /// <summary>The entry of an item, which may be deleted or known only from events; null for an unknown item.</summary>
    Task<CatalogueEntry?> GetItemAsync(string itemId, CancellationToken cancellationToken);

    /// <summary>
    /// Entries with a key above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>, including deleted ones.
    /// </summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(int afterKey, int limit, CancellationToken cancellationToken);

    /// <summary>The entries of these keys, ascending, including deleted ones. Unknown keys are left out.</summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken);
}
