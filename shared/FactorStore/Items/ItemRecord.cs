using Recommender.Contracts;

namespace Recommender.FactorStore.Items;

/// <summary>An item for serving. <see cref="Item"/> is null for an item known only from events.</summary>
public sealed record ItemRecord
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }
    public Item? Item { get; init; }
    public bool Deleted { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Base-2 logarithm of a sum over the users with a positive preference for the item. Each term grows with the time of the user's newest
    /// positive event. Values are comparable at any time. −∞ without such users.
    /// </summary>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <summary>The same with a shorter half-life.</summary>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>
    /// Factor of an item that the model was not trained with; null without one. Only <see cref="IFactorStore.PutItemFactorsAsync"/> writes
    /// it.
    /// </summary>
    public ItemFactor? Factor { get; init; }

    /// <summary>
    /// Content vector of the text; null without one. Only <see cref="IFactorStore.PutItemVectorsAsync"/> writes it.
    /// </summary>
    public ItemVector? TextVector { get; init; }

    /// <summary>The store's revision at the time of reading, at least 0; orders concurrent writers. Reads do not return it.</summary>
    public long Version { get; init; }
}
