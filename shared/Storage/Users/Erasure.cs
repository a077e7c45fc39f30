namespace Recommender.Storage.Users;

/// <summary>An erasure as the store keeps it: the stages of the receipt, and what the remaining stages need.</summary>
public sealed record Erasure
{
    /// <summary>How long after an attempt that leaves no trace the next one is due.</summary>
    public static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(5);

    public required string ErasureId { get; init; }

    /// <summary>Who is erased. Null once only the next model is missing: then nothing needs the id.</summary>
    public string? UserId { get; init; }

    /// <summary>The store's revision: above every revision of the user before the erasure, below every one after.</summary>
    public required long Revision { get; init; }

    /// <summary>Counts how often the erasure was saved.</summary>
    public required long Version { get; init; }

    /// <summary>When the next step is due; null when none is.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The first model version trained without the user.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>Items that the user had events on. Empty once <see cref="UserId"/> is null.</summary>
    public IReadOnlyList<int> ItemKeys { get; init; } = [];

    /// <summary>Time of each finished stage by its name in the receipt.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Stages { get; init; }
}
