using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Catalogue;

public sealed record CatalogueEntry
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }

    /// <summary>Attributes; null for an item that is known only from events.</summary>
    public Item? Item { get; init; }

    public bool Deleted { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Users']"/>
    public long Users { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Popularity']"/>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Trend']"/>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>The revision at which attributes or deletion last changed; 0 without a change. See <see cref="EntityTag"/>.</summary>
    public long Version { get; init; }

    /// <summary>The store's revision at the time of reading: the version of its copy in the factor store.</summary>
    public long Revision { get; init; }

    /// <summary>Time of the first mention. <c>latest</c> orders by it if <see cref="Item.PublishedAt"/> is null.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
