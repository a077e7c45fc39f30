using System.Text.Json.Serialization;

namespace Recommender.Factorization.Events;

/// <summary>Settings of an event type; <see cref="EventWeights"/> has the rules.</summary>
public sealed record EventTypeSettings
{
    /// <summary>Confidence of one event. With 0 the type is ignored in training and statistics.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether the type is negative. The target of a negative event is 0, of a positive event 1.</summary>
    public bool Negative { get; init; }

    /// <summary>Age in days at which the weight of an event is halved. Null: weights do not change with age.</summary>
    public double? HalfLifeDays { get; init; }

    public ValueUse Value { get; init; } = ValueUse.Ignore;

    /// <summary>Makes the type a rating: events with a value below this are negative. Null: the type is no rating.</summary>
    public double? PositiveFrom { get; init; }

    /// <summary>
    /// How several events of one user on one item combine. Null: <see cref="EventCombination.Latest"/> for ratings, else
    /// <see cref="EventCombination.Sum"/>.
    /// </summary>
    public EventCombination? Combine { get; init; }

    /// <summary>
    /// Meaning of a value below 0. Null: <see cref="NegativeValueUse.Ignore"/> for ratings, <see cref="NegativeValueUse.TakeBack"/> for
    /// quantities and negative types, else <see cref="NegativeValueUse.Opposite"/>.
    /// </summary>
    public NegativeValueUse? NegativeValue { get; init; }

    /// <summary>Whether an event requires a value. Null: ratings do.</summary>
    public bool? ValueRequired { get; init; }

    /// <summary>Whether an event is a purchase: of a basket, and of an item that is bought then. Null: the type <c>purchase</c>
    /// is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Purchase { get; init; }

    internal bool IsLatest =>
        (Combine ?? (PositiveFrom is null ? EventCombination.Sum : EventCombination.Latest)) == EventCombination.Latest;

    internal bool RequiresValue => ValueRequired ?? PositiveFrom is not null;

    internal NegativeValueUse BelowZero => NegativeValue
        ?? (PositiveFrom is not null ? NegativeValueUse.Ignore : Negative || Value != ValueUse.Ignore ? NegativeValueUse.TakeBack
            : NegativeValueUse.Opposite);

    /// <summary>1: the event has the sign of its type; −1: the opposite sign; 0: no signal.</summary>
    /// <param name="value">NaN where the event has none.</param>
    internal int SignOf(double value)
    {
        if (double.IsNaN(value)) return RequiresValue ? 0 : 1;
        if (PositiveFrom is { } from) return value < from ? -1 : 1;
        return BelowZero == NegativeValueUse.Ignore ? 1 : Math.Sign(value);
    }

    /// <summary>Effect of an event of this type. <see cref="EventEffect.Depends"/> also if the event is negative.</summary>
    /// <param name="value">NaN where the event has none.</param>
    public EventEffect EffectOf(double value)
    {
        if (Weight <= 0 || (double.IsNaN(value) && RequiresValue)) return EventEffect.None;
        if (IsLatest) return EventEffect.Depends;
        return SignOf(value) switch
        {
            0 => EventEffect.None,
            > 0 when !Negative => EventEffect.Adds,
            _ => EventEffect.Depends,
        };
    }

    /// <summary>The error and its fix; null for valid settings.</summary>
    public string? Error() => this switch
    {
        { Weight: < 0 or > 1e6 } or { Weight: double.NaN } => "Weight must be between 0 and 1,000,000",
        { HalfLifeDays: <= 0 or double.NaN } => "HalfLifeDays must be above 0; leave it out for events that do not age",
        { PositiveFrom: { } from } when !double.IsFinite(from) =>
            "PositiveFrom must be a number; leave it out for a type that is no rating",
        { PositiveFrom: not null, NegativeValue: NegativeValueUse.Opposite or NegativeValueUse.TakeBack } =>
            "NegativeValue has no meaning for a rating, whose sign PositiveFrom decides; leave one of the two out",
        { Negative: true, NegativeValue: NegativeValueUse.Opposite } =>
            "NegativeValue must be TakeBack or Ignore for a negative type: the opposite of a dislike is no like",
        { Value: var use } when !Enum.IsDefined(use) => "Value must be Ignore, Linear or Logarithmic",
        { Combine: { } combine } when !Enum.IsDefined(combine) => "Combine must be Sum or Latest",
        { NegativeValue: { } negative } when !Enum.IsDefined(negative) => "NegativeValue must be Opposite, TakeBack or Ignore",
        _ => null,
    };
}
