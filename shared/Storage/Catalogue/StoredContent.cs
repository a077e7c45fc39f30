using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>Content of an event whose id is already in use, in the store or earlier in the batch.</summary>
/// <param name="Owner">Owner of the event. After a merge, events of the session belong to the user.</param>
/// <param name="IsTimeStated">Whether the producer stated the time; null for events stored before this was recorded.</param>
internal readonly record struct StoredContent(
    UserRef Owner, string? SessionId, string ItemId, string Type, double? Value, long OccurredAtMs, bool? IsTimeStated)
{
    /// <summary>The first field in which an event with the same id differs; null if the event is the same.</summary>
    /// <param name="isMerged">Whether a session has been merged into a user.</param>
    public string? DifferenceTo(Interaction e, Func<string, string, bool> isMerged)
    {
        if (e.UserId is { } userId && Owner != UserRef.User(userId)) return "userId";
        if (!string.Equals(SessionId, e.SessionId, StringComparison.Ordinal)) return "sessionId";
        if (e.UserId is null && !Owner.IsSession && !isMerged(e.SessionId!, Owner.Id)) return "userId";
        if (!string.Equals(ItemId, e.ItemId, StringComparison.Ordinal)) return "itemId";
        if (!string.Equals(Type, e.Type, StringComparison.Ordinal)) return "type";
        if (Value != e.Value) return "value";
        // The server assigns a different time to each attempt, so only two times stated by producers can conflict.
        if (IsTimeStated is not true || e.OccurredAtAssigned) return null;
        return OccurredAtMs == e.OccurredAt!.Value.ToUnixTimeMilliseconds() ? null : "occurredAt";
    }
}
