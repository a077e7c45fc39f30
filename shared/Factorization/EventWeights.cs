using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Factorization;

/// <summary>What an event's value means for its weight.</summary>
public enum ValueUse
{
    /// <summary>The value does not matter.</summary>
    Ignore,

    /// <summary>Weight × |value|.</summary>
    Linear,

    /// <summary>Weight × (1 + log2(1 + |value|)) / 2: doubles slowly, so that one bulk order does not drown a history; 1 for a value of 1.</summary>
    Logarithmic,
}

/// <summary>How events of one type count.</summary>
public sealed record EventTypeSettings
{
    /// <summary>Confidence of one event; 0 keeps the type out of learning.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>A negative event says that the score should be 0, a positive one that it should be 1.</summary>
    public bool Negative { get; init; }

    /// <summary>Age at which an event counts half, in days. Null: events do not age.</summary>
    public double? HalfLifeDays { get; init; }

    public ValueUse Value { get; init; } = ValueUse.Ignore;

    /// <summary>Events with a value below this are negative: for ratings. Null: the value decides nothing.</summary>
    public double? PositiveFrom { get; init; }

    internal string? Error() => this switch
    {
        { Weight: < 0 or > 1e6 } or { Weight: double.NaN } => "Weight must be between 0 and 1,000,000",
        { HalfLifeDays: <= 0 or double.NaN } => "HalfLifeDays must be above 0; leave it out for events that do not age",
        _ => null,
    };
}

/// <summary>What one or several events say about one (user, item): confidence c ≥ 0 and target p in 0..1.</summary>
/// <remarks>
/// Adding is exact: c₁(s − p₁)² + c₂(s − p₂)² equals (c₁ + c₂)(s − p)² plus a constant, with p the weighted mean.
/// </remarks>
public readonly record struct Preference(double Weight, double Target)
{
    public Preference Add(Preference other)
    {
        double weight = Weight + other.Weight;
        return weight <= 0 ? default : new(weight, (Weight * Target + other.Weight * other.Target) / weight);
    }
}

/// <summary>Turns events into preferences, by the settings of their types. Immutable.</summary>
public sealed class EventWeights
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private readonly Dictionary<string, EventTypeSettings> types;

    private EventWeights(Dictionary<string, EventTypeSettings> types) => this.types = types;

    /// <summary>Settings of a type that is configured nowhere: positive, weight 1.</summary>
    public static readonly EventTypeSettings Unknown = new();

    /// <summary>The types every installation knows without configuration.</summary>
    public static IReadOnlyDictionary<string, EventTypeSettings> Defaults { get; } = new Dictionary<string, EventTypeSettings>
    {
        ["view"] = new() { Weight = 1 },
        ["click"] = new() { Weight = 1 },
        ["like"] = new() { Weight = 2 },
        ["bookmark"] = new() { Weight = 2.5 },
        ["share"] = new() { Weight = 3 },
        ["follow"] = new() { Weight = 3 },
        ["comment"] = new() { Weight = 4 },
        ["cart"] = new() { Weight = 3 },
        ["purchase"] = new() { Weight = 5, Value = ValueUse.Logarithmic },
        ["rating"] = new() { Weight = 2, PositiveFrom = 3 },
        ["dislike"] = new() { Weight = 5, Negative = true },
        ["return"] = new() { Weight = 5, Negative = true },
    };

    /// <summary>The defaults with <paramref name="overrides"/> (by type name; the configuration section <c>EventTypes</c>) in place of or beside them.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message names it.</exception>
    public static EventWeights Create(IReadOnlyDictionary<string, EventTypeSettings>? overrides = null)
    {
        var types = new Dictionary<string, EventTypeSettings>(Defaults, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, settings) in overrides ?? new Dictionary<string, EventTypeSettings>())
        {
            if (settings.Error() is { } error) throw new ArgumentException($"EventTypes:{name}: {error}.", nameof(overrides));
            types[name] = settings;
        }

        return new EventWeights(types);
    }

    public EventTypeSettings this[string type] => types.GetValueOrDefault(type) ?? Unknown;

    /// <summary>Types whose events are always negative.</summary>
    public IEnumerable<string> NegativeTypes => types.Where(t => t.Value.Negative).Select(t => t.Key);

    /// <summary>What one event says.</summary>
    /// <param name="value">NaN or null where the event had none; taken as 1.</param>
    /// <param name="ageDays">From the event to the user's newest event, so that a history's weights depend on the history alone. At least 0.</param>
    public Preference Of(string type, double? value, double ageDays) => Of(this[type], value ?? double.NaN, ageDays);

    /// <inheritdoc cref="Of(string, double?, double)"/>
    public static Preference Of(EventTypeSettings settings, double value, double ageDays)
    {
        double weight = settings.Weight;
        double magnitude = double.IsNaN(value) ? 1 : Math.Abs(value);
        if (settings.Value == ValueUse.Linear) weight *= magnitude;
        else if (settings.Value == ValueUse.Logarithmic) weight *= (1 + Math.Log2(1 + magnitude)) / 2;
        if (settings.HalfLifeDays is { } halfLife) weight *= Math.Pow(2, -Math.Max(ageDays, 0) / halfLife);
        bool negative = settings.Negative || (settings.PositiveFrom is { } from && value < from);
        return new Preference(weight, negative ? 0 : 1);
    }

    /// <summary>All settings as UTF-8 JSON, to keep with what is learned by them.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new SortedDictionary<string, EventTypeSettings>(types, StringComparer.Ordinal), s_json);

    /// <summary>Reads the result of <see cref="ToJson"/>. Today's defaults play no part in it.</summary>
    /// <exception cref="InvalidDataException">Not settings of event types.</exception>
    public static EventWeights FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var types = JsonSerializer.Deserialize<Dictionary<string, EventTypeSettings>>(json, s_json) ?? throw new JsonException("The settings are null.");
            return new EventWeights(new Dictionary<string, EventTypeSettings>(types, StringComparer.OrdinalIgnoreCase));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The settings of event types cannot be read: {e.Message}", e);
        }
    }
}
