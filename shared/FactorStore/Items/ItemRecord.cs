using Recommender.Contracts;

namespace Recommender.FactorStore.Items;

/// <summary>An item as serving sees it. <see cref="Item"/> is null for an item known only from events.</summary>
public sealed record ItemRecord
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }
    public Item? Item { get; init; }
    public bool Deleted { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Base-2 logarithm of a sum over the users with a positive preference for the item, which grows with the time of each user's newest
    /// positive event; comparable at any time. −∞ when there is none.
    /// </summary>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <summary>The same with a shorter half-life.</summary>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>Null while nothing places the item, or its model was trained with it. Written by
    /// <see cref="IFactorStore.PutItemFactorsAsync"/> alone.</summary>
    public ItemFactor? Factor { get; init; }

    /// <summary>The store's revision this was read at; orders concurrent writers. 0 or more; not read back.</summary>
    public long Version { get; init; }
}
