namespace Recommender.Messaging.Embedded;

/// <summary>One message of a journal stream. Ids grow within a stream and are never given twice.</summary>
public sealed record JournalEntry(long Id, ReadOnlyMemory<byte> Body, string? Headers);
