using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>Applies catalogue commands in order to entries in memory, and collects the changes for one transaction.</summary>
/// <param name="entries">The stored entries of the items in the commands. <see cref="Apply"/> changes them.</param>
/// <param name="known">Hashes of applied changes. <see cref="Apply"/> adds to them.</param>
/// <param name="vectors">Vector length of the catalogue. <see cref="Apply"/> changes it.</param>
/// <param name="version">Version of the change.</param>
internal sealed class CatalogueBatch(Dictionary<string, CatalogueEntry> entries, HashSet<byte[]> known, VectorLength vectors, long version)
{
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly List<RejectedElement> _failed = [];
    private readonly List<byte[]> _newChanges = [];

    public int IgnoredCount { get; private set; }

    public IReadOnlyList<RejectedElement> Failed => _failed;

    public IReadOnlyList<byte[]> NewChanges => _newChanges;

    public IReadOnlyList<string> Named => [.. _named];

    public IReadOnlyList<CatalogueEntry> Changed => [.. _changed.Select(id => entries[id])];

    /// <param name="index">Position of the command, for <see cref="Failed"/>.</param>
    /// <param name="change">Hash of the item and the change id; null for a change without one.</param>
    public void Apply(int index, Command command, string itemId, byte[]? change)
    {
        if (change is not null && known.Contains(change))
        {
            IgnoredCount++;
            _named.Add(itemId);
            return;
        }

        var current = entries.GetValueOrDefault(itemId);
        var outcome = CatalogueChange.Apply(current, command, itemId);
        if ((outcome.Error ?? vectors.ErrorOf(current?.Item, outcome.Entry?.Item)) is { } error)
        {
            _failed.Add(new RejectedElement(index, error.Field, error.Error));
            return;
        }

        _named.Add(itemId);
        if (outcome.Entry is not { } entry)
        {
            IgnoredCount++;
            return;
        }

        if (change is not null && known.Add(change)) _newChanges.Add(change);
        if (IsSame(current, entry)) return;
        vectors.Replace(current?.Item, entry.Item);
        entries[itemId] = entry with { Version = version };
        _changed.Add(itemId);
    }

    private static bool IsSame(CatalogueEntry? current, CatalogueEntry next)
    {
        if (current is null || current.Deleted != next.Deleted) return false;
        if (ReferenceEquals(current.Item, next.Item)) return true;
        return current.Item is not null && next.Item is not null && Json(current.Item).AsSpan().SequenceEqual(Json(next.Item));
    }

    private static byte[] Json(Item item) => JsonSerializer.SerializeToUtf8Bytes(item, ContractsJson.Default.Item);
}
