namespace Recommender.Messaging.Embedded;

/// <summary>A message that can never be processed, with the stream it came from.</summary>
public sealed record JournalDeadLetter(long Id, string Stream, ReadOnlyMemory<byte> Body, string? Headers, string Reason,
    DateTimeOffset FailedAt);
