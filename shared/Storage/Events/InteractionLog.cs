namespace Recommender.Storage.Events;

/// <summary>Events as columns of equal length, ordered by (occurredAt, sequence).</summary>
public sealed record InteractionLog
{
    public required int[] UserKeys { get; init; }
    public required int[] ItemKeys { get; init; }
    public required short[] TypeIds { get; init; }

    /// <summary>Values of the events; NaN for an event without a value.</summary>
    public required float[] Values { get; init; }

    /// <summary>Milliseconds since 1970, ascending.</summary>
    public required long[] OccurredAtMs { get; init; }

    public int Count => UserKeys.Length;
}
