namespace Recommender.Messaging.Embedded;

/// <summary>One message of a journal stream. Ids increase within a stream and are never reused.</summary>
public sealed record JournalEntry(long Id, ReadOnlyMemory<byte> Body, string? Headers);
