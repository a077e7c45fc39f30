using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Catalogue;

public sealed record CatalogueEntry
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }

    /// <summary>Null for an item that is known only from events.</summary>
    public Item? Item { get; init; }

    public bool Deleted { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Users']"/>
    public long Users { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Popularity']"/>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Trend']"/>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>The revision at which attributes or deletion last changed; 0 where they never did. See <see cref="EntityTag"/>.</summary>
    public long Version { get; init; }

    /// <summary>The store's revision this was read at: the version to write it to the factor store under.</summary>
    public long Revision { get; init; }

    /// <summary>When it was first seen; <c>latest</c> orders by <see cref="Item.PublishedAt"/>, else by this.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
