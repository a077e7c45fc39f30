namespace Recommender.Retrieval.Filters;

/// <summary>A filter of items by their attributes. Immutable.</summary>
public abstract record ItemFilter
{
    /// <summary>Items that pass all filters; without filters, all items.</summary>
    public sealed record All(IReadOnlyList<ItemFilter> Filters) : ItemFilter;

    /// <summary>Items that pass at least one filter; without filters, no item.</summary>
    public sealed record Any(IReadOnlyList<ItemFilter> Filters) : ItemFilter;

    /// <summary>Items that do not pass the filter.</summary>
    public sealed record Not(ItemFilter Filter) : ItemFilter;

    /// <summary>Items that have at least one of the values under the key.</summary>
    public sealed record HasAny(string Key, IReadOnlyList<AttributeValue> Values) : ItemFilter;

    /// <summary>Items that have all of the values under the key.</summary>
    public sealed record HasAll(string Key, IReadOnlyList<AttributeValue> Values) : ItemFilter;

    /// <summary>Items with a number under the key within the bounds; a null bound is no bound.</summary>
    public sealed record Range(string Key, FilterNumber? Gt = null, FilterNumber? Gte = null, FilterNumber? Lt = null,
        FilterNumber? Lte = null) : ItemFilter;

    /// <summary>Items that have any value under the key.</summary>
    public sealed record Exists(string Key) : ItemFilter;

    /// <summary>Items at the given positions. Positions outside the catalogue are ignored.</summary>
    public sealed record Positions(IReadOnlyList<int> Items) : ItemFilter;
}
