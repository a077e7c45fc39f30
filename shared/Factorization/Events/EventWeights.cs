using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Factorization.Events;

/// <summary>
/// The rules of values: the preference an event expresses, by the settings of its type. The API, the broker, imports, a request's
/// <c>history</c>,
/// training, fold-in and statistics all go by them. Immutable.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A type is a <b>sign</b> (view, like, cart), a <b>quantity</b> (<see cref="EventTypeSettings.Value"/> is Linear or Logarithmic:
/// purchase) or a
/// <b>rating</b> (<see cref="EventTypeSettings.PositiveFrom"/> is set).</item>
/// <item>An event without a value counts as one with the value 1. A rating without a value is no signal, and no input accepts one.</item>
/// <item>Signs and quantities: above 0 an event has the sign of its type, below 0 it takes back as much of its type, 0 is no signal.</item>
/// <item>What is taken back beyond what there was: for a sign it is a negative signal of the type's weight (like −1 is no like). For a
/// quantity it says nothing: the cancelled order is older than the data or its retention, and who cancels an order does not dislike the
/// item. The same holds for a negative type: a dislike taken back is no like.</item>
/// <item>Events of one type add up, what is taken back shared equally: purchases of 6 and 12 less 9 count as purchases of 3 and 6.
/// Of ratings the newest counts alone.</item>
/// <item>Preferences of different types add up (<see cref="Preference.Add"/>).</item>
/// </list>
/// <see cref="EventShares"/> combines the events of one type; <see cref="Of(EventTypeSettings, double, double, float)"/> weighs one event.
/// </remarks>
public sealed class EventWeights
{
    private static readonly JsonSerializerOptions s_json =
        new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private readonly Dictionary<string, EventTypeSettings> _types;

    private EventWeights(Dictionary<string, EventTypeSettings> types) => this._types = types;

    /// <summary>Settings of a type without configuration: positive, weight 1.</summary>
    public static readonly EventTypeSettings Unknown = new();

    /// <summary>The built-in types, available without configuration.</summary>
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

    /// <summary>The weights without configuration.</summary>
    public static EventWeights Default { get; } = Create();

    /// <summary>
    /// The defaults, replaced and extended by <paramref name="overrides"/> (by type name; the configuration section <c>EventTypes</c>).
    /// </summary>
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

    /// <summary>Settings of a type, by its name without regard to case; <see cref="Unknown"/> for a type without settings.</summary>
    public EventTypeSettings this[string type] => _types.GetValueOrDefault(type) ?? Unknown;

    /// <summary>Whether events of a type are purchases.</summary>
    public bool IsPurchase(string type) => this[type].Purchase ?? type.Equals("purchase", StringComparison.OrdinalIgnoreCase);

    /// <summary>Every known type with its settings.</summary>
    public IReadOnlyDictionary<string, EventTypeSettings> Types => _types;

    /// <summary>The error of an event's value; null for a valid value.</summary>
    public string? ValueError(string type, double? value) =>
        value is null && this[type].RequiresValue ? $"is required for events of type '{type}'" : null;

    /// <summary>The preference of a single event, without other events of its type and pair.</summary>
    /// <param name="value">NaN or null for an event without a value, which counts as 1.</param>
    /// <param name="ageDays">Days from the event to the user's newest event, at least 0. Weights therefore depend only on the
    /// history.</param>
    public Preference Of(string type, double? value, double ageDays) => Of(this[type], value ?? double.NaN, ageDays);

    /// <inheritdoc cref="Of(string, double?, double)"/>
    /// <param name="share">Remaining share of the event among those of its type and pair, 0..1; see <see cref="EventShares"/>.</param>
    public static Preference Of(EventTypeSettings settings, double value, double ageDays, float share = 1)
    {
        int sign = settings.SignOf(value);
        if (sign == 0 || share <= 0 || (sign < 0 && settings.BelowZero == NegativeValueUse.TakeBack)) return default;
        double weight = settings.Weight;
        double magnitude = double.IsNaN(value) ? 1 : Math.Abs(value);
        weight *= settings.Value switch
        {
            ValueUse.Linear => magnitude * share,
            ValueUse.Logarithmic => (1 + Math.Log2(1 + magnitude * share)) / 2,
            _ => share,
        };
        if (settings.HalfLifeDays is { } halfLife) weight *= Math.Pow(2, -Math.Max(ageDays, 0) / halfLife);
        return new Preference(weight, settings.Negative || sign < 0 ? 0 : 1);
    }

    /// <summary>All settings as UTF-8 JSON, to store with a model.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new SortedDictionary<string, EventTypeSettings>(_types, StringComparer.Ordinal), s_json);

    /// <summary>Reads the result of <see cref="ToJson"/>. The current defaults are not applied.</summary>
    /// <exception cref="InvalidDataException">Not settings of event types.</exception>
    public static EventWeights FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var types = JsonSerializer.Deserialize<Dictionary<string, EventTypeSettings>>(json, s_json)
                ?? throw new JsonException("The settings are null.");
            return new EventWeights(new Dictionary<string, EventTypeSettings>(types, StringComparer.OrdinalIgnoreCase));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The settings of event types cannot be read: {e.Message}", e);
        }
    }
}
