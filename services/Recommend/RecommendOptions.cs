using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Recommender.Contracts;
using Recommender.Retrieval;

namespace Recommender.Recommend;

/// <summary>Settings of Recommend: configuration section <c>Recommend</c>.</summary>
public sealed class RecommendOptions
{
    public const string Section = "Recommend";

    /// <summary>Pause between two looks at the release pointer and the feed of catalogue changes.</summary>
    public int PollMilliseconds { get; set; } = 200;

    /// <summary>Items of an answer where neither the request nor its placement says how many.</summary>
    public int DefaultCount { get; set; } = 20;

    /// <summary>What users get of whom nothing is known: <c>popular</c> or <c>trending</c>.</summary>
    public string Fallback { get; set; } = Sources.Popular;

    /// <summary>Users whose shown items are remembered for placements with rotation.</summary>
    public int RotationUsers { get; set; } = 100_000;

    /// <summary>
    /// Rows that an exact search may look at on average: smaller catalogues are searched exactly, and larger ones where searches for the model's sample
    /// of users end within that; others by neighbourhood.
    /// </summary>
    public int LargestScanRows { get; set; } = new ItemIndexOptions().LargestScanRows;

    /// <summary>Share of the true best 20 that a search by neighbourhood finds on average; 1: every answer is exact, and takes longer.</summary>
    public double RecallTarget { get; set; } = new CellIndexOptions().RecallTarget;

    /// <summary>
    /// Users that the index for similar users holds at most; of more, a fixed sample by a hash of their ids. It is built when it is first
    /// asked for, and dropped after an hour without a request. A user takes about 150 bytes and one byte per number of a factor. 0: no
    /// index, and requests are refused.
    /// </summary>
    public int SimilarUsersLimit { get; set; } = 2_000_000;

    /// <summary>
    /// Pause between two passes over the factors of all users, while similar users are asked for: how long changes may take to be found.
    /// Four times what a pass took, if that is longer.
    /// </summary>
    public double SimilarUsersRefreshSeconds { get; set; } = 30;

    internal ItemIndexOptions Index => new() { LargestScanRows = LargestScanRows, Cells = new CellIndexOptions { RecallTarget = RecallTarget } };

    internal void Validate()
    {
        Check(PollMilliseconds is >= 10 and <= 60_000, nameof(PollMilliseconds), "must be between 10 and 60000");
        Check(DefaultCount is >= 1 and <= Limits.RecommendationCount, nameof(DefaultCount), $"must be between 1 and {Limits.RecommendationCount}");
        Check(Fallback is Sources.Popular or Sources.Trending, nameof(Fallback), "must be popular or trending");
        Check(LargestScanRows is >= 0 and <= 100_000_000, nameof(LargestScanRows), "must be between 0 and 100000000");
        Check(RecallTarget is > 0 and <= 1, nameof(RecallTarget), "must be above 0 and at most 1");
        Check(SimilarUsersLimit is >= 0 and <= 100_000_000, nameof(SimilarUsersLimit), "must be between 0 and 100000000");
        Check(SimilarUsersRefreshSeconds is >= 0.05 and <= 3600, nameof(SimilarUsersRefreshSeconds), "must be between 0.05 and 3600");
        Check(RotationUsers is >= 1 and <= 10_000_000, nameof(RotationUsers), "must be between 1 and 10000000");
    }

    private static void Check(bool valid, string name, string fix)
    {
        if (!valid) throw new InvalidOperationException($"Setting {Section}:{name} {fix}.");
    }
}

/// <summary>
/// A named place in an application: what holds for its requests unless they say otherwise. Configuration section
/// <c>Placements:NAME</c>; the placement's filter and boosts apply in addition to the request's own.
/// </summary>
public sealed record Placement
{
    /// <summary>In <see cref="HideDays"/>: every event type that is not named.</summary>
    public const string OtherTypes = "*";

    public required string Name { get; init; }
    public int? Count { get; init; }
    public Filter? Filter { get; init; }
    public IReadOnlyList<Boost> Boosts { get; init; } = [];
    public double? Diversity { get; init; }
    public bool? IncludeSeen { get; init; }

    /// <summary>
    /// By event type: for how many days an event hides its item from the user here; 0: not at all, infinite: for ever. An item is hidden
    /// while any of its events hides it. Types that are not named hide as <see cref="OtherTypes"/> states; without it for ever, or not at
    /// all if their weight is 0.
    /// </summary>
    public IReadOnlyDictionary<string, double> HideDays { get; init; } = new Dictionary<string, double>();

    /// <summary><c>popular</c> or <c>trending</c>; null: the general setting.</summary>
    public string? Fallback { get; init; }

    /// <summary>What was shown to a user here within this time comes after everything else. Null: no rotation.</summary>
    public double? RotationMinutes { get; init; }
}

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

    public Placement? Find(string name) => _byName.GetValueOrDefault(name);

    private static Placement Read(IConfigurationSection section)
    {
        foreach (var setting in section.GetChildren())
        {
            if (setting.Key is not ("Count" or "Filter" or "Boosts" or "Diversity" or "IncludeSeen" or "HideDays" or "Fallback" or "RotationMinutes"))
                throw Wrong(setting, "is not a setting of a placement; those are Count, Filter, Boosts, Diversity, IncludeSeen, HideDays, "
                    + "Fallback, RotationMinutes");
        }

        var placement = new Placement
        {
            Name = section.Key,
            Count = Number<int>(section.GetSection("Count"), v => v is >= 0 and <= Limits.RecommendationCount, $"must be between 0 and {Limits.RecommendationCount}"),
            Diversity = Number<double>(section.GetSection("Diversity"), v => v is >= 0 and <= 1, "must be between 0 and 1"),
            RotationMinutes = Number<double>(section.GetSection("RotationMinutes"), v => v is > 0 and <= 525_600, "must be above 0 and at most 525600"),
            IncludeSeen = section["IncludeSeen"] is { } seen ? bool.TryParse(seen, out bool value) ? value : throw Wrong(section.GetSection("IncludeSeen"), "must be true or false") : null,
            HideDays = ReadHideDays(section.GetSection("HideDays")),
            Fallback = section["Fallback"] is { } fallback ? fallback is Sources.Popular or Sources.Trending ? fallback : throw Wrong(section.GetSection("Fallback"), "must be popular or trending") : null,
            Filter = Parse(section.GetSection("Filter"), ContractsJson.Default.Filter),
            Boosts = [.. section.GetSection("Boosts").GetChildren().Select(b => Parse(b, ContractsJson.Default.Boost)!)],
        };
        if (Requests.FilterRules.Error(placement.Filter, "Filter") is { } filterError) throw new InvalidOperationException($"Setting {section.Path}:{filterError.Field} {filterError.Error}.");
        if (Requests.FilterRules.Error(placement.Boosts, "Boosts") is { } boostError) throw new InvalidOperationException($"Setting {section.Path}:{boostError.Field} {boostError.Error}.");
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
            hideDays[type.Key] = string.Equals(type.Value, "forever", StringComparison.OrdinalIgnoreCase)
                ? double.PositiveInfinity
                : Number<double>(type, days => days is >= 0 and <= Longest,
                    $"must be a number of days from 0, never, to {Longest:0}, or forever")
                    ?? throw Wrong(type, $"must be a number of days from 0, never, to {Longest:0}, or forever");
        }

        return hideDays;
    }

    private static T? Number<T>(IConfigurationSection setting, Func<T, bool> valid, string fix)
        where T : struct, IParsable<T>
    {
        if (setting.Value is null) return null;
        return T.TryParse(setting.Value, CultureInfo.InvariantCulture, out T value) && valid(value) ? value : throw Wrong(setting, fix);
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
    /// Configuration knows only texts: what reads as a number or a boolean becomes one, except where the key of the condition asks for texts. Under
    /// <c>Any</c> it stands for both, since items may have either.
    /// </summary>
    private static JsonNode? Node(IConfigurationSection section, bool text)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            string? value = section.Value;
            if (text || value is null || section.Key.Equals("Key", StringComparison.OrdinalIgnoreCase)) return JsonValue.Create(value);
            if (bool.TryParse(value, out bool flag)) return JsonValue.Create(flag);
            if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)) return JsonValue.Create(whole);
            if (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned)) return JsonValue.Create(unsigned);
            return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(value);
        }

        if (children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            var entries = children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => (Section: c, Node: Node(c, text))).ToList();
            var both = section.Key.Equals("Any", StringComparison.OrdinalIgnoreCase) ? entries.Where(e => e.Node?.GetValueKind() is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False) : [];
            return new JsonArray([.. entries.Select(e => e.Node), .. both.Select(e => JsonValue.Create(e.Section.Value))]);
        }

        bool texts = text || section["Key"] is "categories" or "tags" or "itemId";
        var result = new JsonObject();
        foreach (var child in children) result[char.ToLowerInvariant(child.Key[0]) + child.Key[1..]] = Node(child, texts && !child.Key.Equals("Exists", StringComparison.OrdinalIgnoreCase));
        return result;
    }

    private static InvalidOperationException Wrong(IConfigurationSection setting, string fix) => new($"Setting {setting.Path} {fix}.");
}
