using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recommender.Contracts;
using Recommender.Recommend.Filters;
using Recommender.ServiceDefaults.Settings;

namespace Recommender.Recommend;

/// <summary>Every placement by name, read from configuration at start.</summary>
public sealed class Placements
{
    private readonly Dictionary<string, Placement> _byName = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it.</exception>
    public Placements(IConfiguration configuration)
    {
        foreach (var section in configuration.GetSection("Placements").GetChildren()) _byName[section.Key] = Read(section);
    }

    public IEnumerable<Placement> All => _byName.Values;

    public Placement? Find(ReadOnlySpan<char> name) =>
        _byName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var placement) ? placement : null;

    private static Placement Read(IConfigurationSection section)
    {
        foreach (var setting in section.GetChildren())
        {
            if (setting.Key is not ("Recipe" or "Count" or "Filter" or "Boosts" or "Diversity" or "IncludeSeen" or "HideDays"
                or "Fallback" or "RotationMinutes" or "RecordShare"))
                throw Wrong(setting, "is not a setting of a placement; those are Recipe, Count, Filter, Boosts, Diversity, IncludeSeen, "
                    + "HideDays, Fallback, RotationMinutes, RecordShare");
        }

        SettingRules.Require(SettingRules.Problems(section, typeof(Placement)));
        var placement = new Placement
        {
            Name = section.Key,
            Recipe = section[nameof(Placement.Recipe)] ?? Recipes.Recommendations,
            Count = section.GetValue<int?>(nameof(Placement.Count)),
            Diversity = section.GetValue<double?>(nameof(Placement.Diversity)),
            RotationMinutes = section.GetValue<double?>(nameof(Placement.RotationMinutes)),
            RecordShare = section.GetValue<double?>(nameof(Placement.RecordShare)),
            IncludeSeen = section.GetValue<bool?>(nameof(Placement.IncludeSeen)),
            HideDays = ReadHideDays(section.GetSection(nameof(Placement.HideDays))),
            Fallback = section[nameof(Placement.Fallback)],
            Filter = Parse(section.GetSection(nameof(Placement.Filter)), ContractsJson.Default.Filter),
            Boosts = [.. section.GetSection(nameof(Placement.Boosts)).GetChildren()
                .Select(boost => Parse(boost, ContractsJson.Default.Boost)!)],
        };
        SettingRules.Require(SettingRules.Problems(section.Path, placement));
        if (FilterRules.Error(placement.Filter, "Filter") is { } filterError)
            throw new InvalidOperationException($"Setting {section.Path}:{filterError.Field} {filterError.Error}.");
        if (FilterRules.Error(placement.Boosts, "Boosts") is { } boostError)
            throw new InvalidOperationException($"Setting {section.Path}:{boostError.Field} {boostError.Error}.");
        return placement;
    }

    private static Dictionary<string, double> ReadHideDays(IConfigurationSection section)
    {
        const double Longest = 36_500;
        if (!string.IsNullOrEmpty(section.Value))
            throw Wrong(section,
                $"must have an entry for each event type, such as {section.Path}:view; {Placement.OtherTypes} stands for all others");
        var hideDays = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in section.GetChildren())
        {
            if (Limits.NameError(type.Key) is { } nameError) throw Wrong(type, $"names an event type that {nameError}");
            hideDays[type.Key] = type.Value switch
            {
                { } word when word.Equals("forever", StringComparison.OrdinalIgnoreCase) => double.PositiveInfinity,
                { } text when double.TryParse(text, CultureInfo.InvariantCulture, out double days) && days is >= 0 and <= Longest => days,
                var value => throw Wrong(
                    type, $"must be a number of days from 0, never, to {Longest:0}, or forever; got {value ?? "a section"}"),
            };
        }

        return hideDays;
    }

    private static T? Parse<T>(IConfigurationSection section, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (!section.Exists()) return null;
        try
        {
            return Node(section, text: false).Deserialize(type);
        }
        catch (JsonException e)
        {
            var (field, error) = JsonErrors.Describe(e);
            throw new InvalidOperationException($"Setting {section.Path}{(field.Length > 0 ? "." : "")}{field} {error}.", e);
        }
    }

    /// <summary>
    /// Configuration holds texts only: a text that reads as a number or a boolean becomes one, unless the key of the condition takes texts.
    /// Under <c>Any</c> it stands for both, since items may have either.
    /// </summary>
    private static JsonNode? Node(IConfigurationSection section, bool text)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            string? value = section.Value;
            if (text || value is null || section.Key.Equals("Key", StringComparison.OrdinalIgnoreCase)) return JsonValue.Create(value);
            if (bool.TryParse(value, out bool flag)) return JsonValue.Create(flag);
            if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
                return JsonValue.Create(whole);
            if (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned))
                return JsonValue.Create(unsigned);
            return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? JsonValue.Create(number) : JsonValue.Create(value);
        }

        if (children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            var entries = children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture))
                .Select(c => (Section: c, Node: Node(c, text))).ToList();
            var both = section.Key.Equals("Any", StringComparison.OrdinalIgnoreCase)
                ? entries.Where(e => e.Node?.GetValueKind() is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False) : [];
            return new JsonArray([.. entries.Select(e => e.Node), .. both.Select(e => JsonValue.Create(e.Section.Value))]);
        }

        bool texts = text || section["Key"] is "categories" or "tags" or "itemId";
        var result = new JsonObject();
        foreach (var child in children) result[char.ToLowerInvariant(child.Key[0]) + child.Key[1..]] =
            Node(child, texts && !child.Key.Equals("Exists", StringComparison.OrdinalIgnoreCase));
        return result;
    }

    private static InvalidOperationException Wrong(IConfigurationSection setting, string fix) => new($"Setting {setting.Path} {fix}.");
}
