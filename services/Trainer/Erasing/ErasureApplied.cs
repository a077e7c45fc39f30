using Recommender.Storage.Events;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Starts the saga of an erasure, after its command was applied to the store. It has no user id, because the store has it.
/// </summary>
public sealed record ErasureApplied
{
    /// <summary>Maximum number of items in the message. With more, it has none.</summary>
    public const int ItemsLimit = 10_000;

    public required string ErasureId { get; init; }

    /// <summary>Current statistics of the items that lost events. Null if unknown; the whole catalogue is then copied.</summary>
    public IReadOnlyList<ItemStatistics>? Items { get; init; }
}
