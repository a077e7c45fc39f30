namespace Recommender.Retrieval.Filters;

/// <summary>An interval of numbers. An open bound is not part of it.</summary>
internal readonly record struct NumberRange
{
    /// <param name="fromRest">The difference of the bound to <paramref name="from"/>, see <see cref="FilterNumber"/>.</param>
    private NumberRange(double from, short fromRest, bool fromOpen, double to, short toRest, bool toOpen)
    {
        (From, FromRest, FromOpen) = (from, fromRest, fromOpen);
        (To, ToRest, ToOpen) = (to, toRest, toOpen);
    }

    public double From { get; }
    public double To { get; }
    private short FromRest { get; }
    private bool FromOpen { get; }
    private short ToRest { get; }
    private bool ToOpen { get; }

    /// <summary>Whether a number that equals <see cref="From"/> is outside.</summary>
    public bool IsFromOutside => FromRest > 0 || (FromRest == 0 && FromOpen);

    /// <summary>Whether a number that equals <see cref="To"/> is outside.</summary>
    public bool IsToOutside => ToRest < 0 || (ToRest == 0 && ToOpen);

    /// <summary>The interval of a filter: the tighter of its bounds on each side; infinite without one.</summary>
    public static NumberRange Of(ItemFilter.Range range)
    {
        var (from, fromOpen) = range.Gt is { } gt && !(range.Gte > gt) ? (gt, true) : (range.Gte, false);
        var (to, toOpen) = range.Lt is { } lt && !(range.Lte < lt) ? (lt, true) : (range.Lte, false);
        return new NumberRange(
            from?.Value ?? double.NegativeInfinity, from?.Rest ?? 0, fromOpen,
            to?.Value ?? double.PositiveInfinity, to?.Rest ?? 0, toOpen);
    }

    public static NumberRange Equal(FilterNumber number) => new(number.Value, number.Rest, false, number.Value, number.Rest, false);

    /// <summary>Whether a number of the two parts is inside.</summary>
    public bool Contains(double value, short rest)
    {
        bool above = value != From ? value > From : FromOpen ? rest > FromRest : rest >= FromRest;
        bool below = value != To ? value < To : ToOpen ? rest < ToRest : rest <= ToRest;
        return above && below;
    }
}
