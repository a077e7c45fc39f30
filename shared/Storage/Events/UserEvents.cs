using Recommender.Contracts;

namespace Recommender.Storage.Events;

public sealed record UserEvents
{
    public required int UserKey { get; init; }
    public required UserRef User { get; init; }

    /// <summary>Increases with every change of the user's events; orders concurrent fold-ins.</summary>
    public required long Revision { get; init; }

    /// <summary>Oldest first, by (occurredAt, sequence).</summary>
    public required IReadOnlyList<StoredEvent> Events { get; init; }
}
