using System.Globalization;

namespace Recommender.Storage.Catalogue;

/// <summary>The entity tag of an item: its version in the store, wherever it is read.</summary>
public static class EntityTag
{
    /// <summary>
    /// The tag with its quotes, as in the header <c>ETag</c>. Null for an item that cannot be read: unknown, deleted, or named by events
    /// alone.
    /// </summary>
    public static string? Of(CatalogueEntry? entry) =>
        entry is { Deleted: false, Item: not null } ? FormattableString.Invariant($"\"{entry.Version}\"") : null;

    /// <summary>True when the item can be read and has one of the tags.</summary>
    /// <param name="tags">Without quotes; <c>*</c> stands for any.</param>
    public static bool Matches(IReadOnlyList<string> tags, CatalogueEntry? entry)
    {
        if (Of(entry) is null) return false;
        string version = entry!.Version.ToString(CultureInfo.InvariantCulture);
        return tags.Any(tag => tag == "*" || tag == version);
    }
}
