using System.Globalization;

namespace Recommender.Storage.Catalogue;

/// <summary>The entity tag of an item: its version in the store.</summary>
public static class EntityTag
{
    /// <summary>
    /// The tag with quotes, as in the header <c>ETag</c>. Null for an item that is unknown, deleted, or known only from events.
    /// </summary>
    public static string? Of(CatalogueEntry? entry) =>
        entry is { Deleted: false, Item: not null } ? FormattableString.Invariant($"\"{entry.Version}\"") : null;

    /// <summary>Whether the item exists and has one of the tags.</summary>
    /// <param name="tags">Tags without quotes; <c>*</c> matches any.</param>
    public static bool Matches(IReadOnlyList<string> tags, CatalogueEntry? entry)
    {
        if (Of(entry) is null) return false;
        string version = entry!.Version.ToString(CultureInfo.InvariantCulture);
        return tags.Any(tag => tag == "*" || tag == version);
    }
}
