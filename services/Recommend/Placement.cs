using System.ComponentModel.DataAnnotations;
using Recommender.Contracts;

namespace Recommender.Recommend;

/// <summary>
/// A named place in an application: the defaults of its requests. Configuration section
/// <c>Placements:NAME</c>; the placement's filter and boosts apply in addition to the request's own.
/// </summary>
public sealed record Placement
{
    /// <summary>In <see cref="HideDays"/>: every event type that is not named.</summary>
    public const string OtherTypes = "*";

    public required string Name { get; init; }

    /// <summary>What answers are made of: one of <see cref="Recipes"/>.</summary>
    [AllowedValues(Recipes.Recommendations, Sources.Together, Sources.Similar, Sources.Again, Sources.Recent, Sources.Popular,
        Sources.Trending, Sources.Latest)]
    public string Recipe { get; init; } = Recipes.Recommendations;

    /// <summary>Items of an answer. Null: the general setting.</summary>
    [Range(0, Limits.RecommendationCount)]
    public int? Count { get; init; }

    public Filter? Filter { get; init; }
    public IReadOnlyList<Boost> Boosts { get; init; } = [];

    /// <summary>0: by score alone. 1: as different as possible.</summary>
    [Range(0.0, 1.0)]
    public double? Diversity { get; init; }

    public bool? IncludeSeen { get; init; }

    /// <summary>
    /// By event type: for how many days an event hides its item from the user here; 0: not at all, infinite: for ever. An item is hidden
    /// while any of its events hides it. Types that are not named hide as <see cref="OtherTypes"/> states; without it for ever, or not at
    /// all if their weight is 0.
    /// </summary>
    public IReadOnlyDictionary<string, double> HideDays { get; init; } = new Dictionary<string, double>();

    /// <summary><c>popular</c> or <c>trending</c>; null: the general setting.</summary>
    [AllowedValues(null, Sources.Popular, Sources.Trending)]
    public string? Fallback { get; init; }

    /// <summary>What was shown to a user here within this time comes after everything else. Null: no rotation.</summary>
    [Range(0.0, 525_600.0, MinimumIsExclusive = true)]
    public double? RotationMinutes { get; init; }

    /// <summary>Share of users and sessions whose answers are recorded here. Null: all.</summary>
    [Range(0.0, 1.0)]
    public double? RecordShare { get; init; }
}
