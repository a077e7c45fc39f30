using Recommender.Storage.Events;

namespace Recommender.Trainer.Erasing;

/// <summary>Starts the saga of an erasure: its command is applied to the store. Carries no user id, the store has it.</summary>
public sealed record ErasureApplied
{
    /// <summary>With more items than this, the message leaves them out.</summary>
    public const int ItemsLimit = 10_000;

    public required string ErasureId { get; init; }

    /// <summary>Items that lost events, with their statistics now. Null if unknown: then the whole catalogue is copied.</summary>
    public IReadOnlyList<ItemStatistics>? Items { get; init; }
}
