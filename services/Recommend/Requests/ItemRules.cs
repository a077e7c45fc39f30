using Recommender.Contracts;

namespace Recommender.Recommend.Requests;

/// <summary>A request's own rules: which items may appear, which are lifted and which have a fixed place. Immutable.</summary>
internal sealed record ItemRules
{
    public static readonly ItemRules None = new();

    /// <summary>Items have at least one of them; empty: no condition.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Items have at least one of them; empty: no condition.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public Filter? Filter { get; init; }

    /// <summary>Ids of items that must not appear.</summary>
    public IReadOnlyList<string> ExcludedIds { get; init; } = [];

    public IReadOnlyList<Boost> Boosts { get; init; } = [];

    /// <summary>Items with a fixed place on the first page, by position.</summary>
    public IReadOnlyList<Pin> Pins { get; init; } = [];
}
