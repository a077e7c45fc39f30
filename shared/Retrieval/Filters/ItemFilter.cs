namespace Recommender.Retrieval.Filters;

/// <summary>Which items a search may return, by their attributes. Immutable.</summary>
public abstract record ItemFilter
{
    /// <summary>Items that pass every one of the filters; with none given, all items.</summary>
    public sealed record All(IReadOnlyList<ItemFilter> Filters) : ItemFilter;

    /// <summary>Items that pass at least one of the filters; with none given, no item.</summary>
    public sealed record Any(IReadOnlyList<ItemFilter> Filters) : ItemFilter;

    /// <summary>Items that do not pass.</summary>
    public sealed record Not(ItemFilter Filter) : ItemFilter;

    /// <summary>Items that have at least one of the values under the key.</summary>
    public sealed record HasAny(string Key, IReadOnlyList<AttributeValue> Values) : ItemFilter;

    /// <summary>Items that have every one of the values under the key.</summary>
    public sealed record HasAll(string Key, IReadOnlyList<AttributeValue> Values) : ItemFilter;

    /// <summary>Items with a number under the key within the bounds given; a null bound does not bind.</summary>
    public sealed record Range(string Key, FilterNumber? Gt = null, FilterNumber? Gte = null, FilterNumber? Lt = null,
        FilterNumber? Lte = null) : ItemFilter;

    /// <summary>Items that have any value under the key.</summary>
    public sealed record Exists(string Key) : ItemFilter;

    /// <summary>Items at the given positions; those outside the catalogue do nothing.</summary>
    public sealed record Positions(IReadOnlyList<int> Items) : ItemFilter;
}
