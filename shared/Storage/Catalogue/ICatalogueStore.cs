using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

public interface ICatalogueStore
{
    /// <summary>
    /// Applies PutItem, PatchItem and DeleteItem commands in order, in one transaction, and returns the entries as they are afterwards.
    /// A command that would make its item invalid, or whose condition does not hold, is returned in <see cref="CatalogueResult.Failed"/>
    /// and changes nothing.
    /// A change that was applied to its item before (<see cref="Command.ChangeId"/>) and a patch of a deleted item are ignored and counted.
    /// A vector of another length than the catalogue's fails; a deleted item has none.
    /// Deleting an unknown item leaves a tombstone: events on the item do not make it available, a put does.
    /// </summary>
    Task<CatalogueResult> ApplyCatalogueAsync(IReadOnlyList<Command> commands, CancellationToken cancellationToken);

    /// <summary>The one length of the vectors of the catalogue; null when no item has a vector.</summary>
    Task<int?> GetVectorLengthAsync(CancellationToken cancellationToken);

    /// <summary>The entry of an item, deleted ones and those known only from events too; null for an unknown item.</summary>
    Task<CatalogueEntry?> GetItemAsync(string itemId, CancellationToken cancellationToken);

    /// <summary>Entries with a key above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>, deleted ones
    /// too.</summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(int afterKey, int limit, CancellationToken cancellationToken);

    /// <summary>The entries of these keys, ascending, deleted ones too; unknown keys are left out.</summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken);
}
