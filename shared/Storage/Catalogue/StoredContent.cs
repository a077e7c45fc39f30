using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The content of an event that has its id already, stored or earlier in the batch.</summary>
/// <param name="Owner">A session's event belongs to the user once the session is merged.</param>
/// <param name="IsTimeStated">Null for events from before this was recorded.</param>
internal readonly record struct StoredContent(
    UserRef Owner, string? SessionId, string ItemId, string Type, double? Value, long OccurredAtMs, bool? IsTimeStated)
{
    /// <summary>The first field in which an event of the same id differs; null when it is the same event again.</summary>
    /// <param name="isMerged">Whether a session was ever merged into a user.</param>
    public string? DifferenceTo(Interaction e, Func<string, string, bool> isMerged)
    {
        if (e.UserId is { } userId && Owner != UserRef.User(userId)) return "userId";
        if (!string.Equals(SessionId, e.SessionId, StringComparison.Ordinal)) return "sessionId";
        if (e.UserId is null && !Owner.IsSession && !isMerged(e.SessionId!, Owner.Id)) return "userId";
        if (!string.Equals(ItemId, e.ItemId, StringComparison.Ordinal)) return "itemId";
        if (!string.Equals(Type, e.Type, StringComparison.Ordinal)) return "type";
        if (Value != e.Value) return "value";
        // The server assigns another time to each attempt. Only two times that producers stated can contradict each other.
        if (IsTimeStated is not true || e.OccurredAtAssigned) return null;
        return OccurredAtMs == e.OccurredAt!.Value.ToUnixTimeMilliseconds() ? null : "occurredAt";
    }
}
