namespace Recommender.Retrieval.Filters;

/// <summary>A value of an attribute: a text, a number or a boolean. Values of different kinds are never equal.</summary>
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

    /// <summary>A text, compared ordinally.</summary>
    public static AttributeValue Of(string text) =>
        new(AttributeKinds.Text, text ?? throw new ArgumentNullException(nameof(text)), default);

    /// <summary>A number, compared as a double. −0 equals 0.</summary>
    /// <exception cref="ArgumentException">NaN or infinite.</exception>
    public static AttributeValue Of(double number) => Of(FilterNumber.Of(number));

    /// <summary>An integer, compared exactly.</summary>
    public static AttributeValue Of(long number) => Of(FilterNumber.Of(number));

    /// <summary>An integer, compared exactly.</summary>
    public static AttributeValue Of(ulong number) => Of(FilterNumber.Of(number));

    /// <summary>A number, compared exactly.</summary>
    public static AttributeValue Of(FilterNumber number) => new(AttributeKinds.Number, null, number);

    /// <summary>A boolean.</summary>
    public static AttributeValue Of(bool boolean) => new(AttributeKinds.Boolean, null, boolean ? 1L : 0L);

    /// <summary>A time as a number: milliseconds since 1970 in UTC.</summary>
    public static AttributeValue Of(DateTimeOffset time) => Of((time.UtcDateTime - DateTime.UnixEpoch).TotalMilliseconds);

    public override string ToString() => Kind switch
    {
        AttributeKinds.Text => $"\"{Text}\"",
        AttributeKinds.Boolean => _value == 1 ? "true" : "false",
        _ => Number.ToString(),
    };
}
