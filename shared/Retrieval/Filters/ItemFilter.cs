namespace Recommender.Retrieval;

/// <summary>A value an item can have under a key: a text, a number or a boolean. Values of different kinds are never equal.</summary>
public readonly record struct AttributeValue
{
    private readonly double _value;
    private readonly short _rest;

    private AttributeValue(AttributeKinds kind, string? text, FilterNumber number)
    {
        Kind = kind;
        Text = text;
        (_value, _rest) = (number.Value, number.Rest);
    }

    public AttributeKinds Kind { get; }

    internal string? Text { get; }

    /// <summary>The number of <see cref="AttributeKinds.Number"/>.</summary>
    public FilterNumber Number => FilterNumber.FromParts(_value, _rest);

    /// <summary>Texts are compared ordinally.</summary>
    public static AttributeValue Of(string text) => new(AttributeKinds.Text, text ?? throw new ArgumentNullException(nameof(text)), default);

    /// <summary>Numbers are finite. −0 equals 0.</summary>
    public static AttributeValue Of(double number) => Of(FilterNumber.Of(number));

    /// <summary>Whole numbers of 64 bits are compared exactly.</summary>
    public static AttributeValue Of(long number) => Of(FilterNumber.Of(number));

    public static AttributeValue Of(ulong number) => Of(FilterNumber.Of(number));

    public static AttributeValue Of(FilterNumber number) => new(AttributeKinds.Number, null, number);

    public static AttributeValue Of(bool boolean) => new(AttributeKinds.Boolean, null, boolean ? 1L : 0L);

    /// <summary>Times are numbers: milliseconds since 1970 in UTC.</summary>
    public static AttributeValue Of(DateTimeOffset time) => Of((time.UtcDateTime - DateTime.UnixEpoch).TotalMilliseconds);

    public override string ToString() => Kind switch { AttributeKinds.Text => $"\"{Text}\"", AttributeKinds.Boolean => _value == 1 ? "true" : "false", _ => Number.ToString() };
}

/// <summary>One value of one item: <c>categories</c> "home", <c>price</c> 2.55. An item may have several texts under a key, but one number.</summary>
public readonly record struct ItemAttribute(string Key, AttributeValue Value);

/// <summary>The kinds of values that occur under a key.</summary>
[Flags]
public enum AttributeKinds
{
    None = 0,
    Text = 1,
    Number = 2,
    Boolean = 4,
}

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
    public sealed record Range(string Key, FilterNumber? Gt = null, FilterNumber? Gte = null, FilterNumber? Lt = null, FilterNumber? Lte = null) : ItemFilter;

    /// <summary>Items that have any value under the key.</summary>
    public sealed record Exists(string Key) : ItemFilter;

    /// <summary>Items at the given positions; those outside the catalogue do nothing.</summary>
    public sealed record Positions(IReadOnlyList<int> Items) : ItemFilter;
}
