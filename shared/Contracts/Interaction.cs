using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>
/// One event: what a user or an anonymous session did to an item. Element of the body of <c>POST /v1/events</c> and of messages on the
/// exchange <c>interactions</c>.
/// </summary>
/// <remarks>
/// Ingest fills <see cref="EventId"/> and <see cref="OccurredAt"/> if the producer left them out. An event is unique by
/// (<see cref="CloudEventSource"/>, <see cref="EventId"/>). <see cref="CloudEventSource"/> is null unless the event is a CloudEvent.
/// </remarks>
public sealed record Interaction
{
    /// <summary>Unique id of the event, 1 to 256 bytes. Default: the server assigns one.</summary>
    public string? EventId { get; init; }

    /// <summary>
    /// User of the event, 1 to 256 bytes. Required unless <c>sessionId</c> is given; the event belongs to the user if both are.
    /// </summary>
    public string? UserId { get; init; }

    /// <summary>Anonymous session of the event, 1 to 256 bytes. Required unless <c>userId</c> is given.</summary>
    public string? SessionId { get; init; }

    /// <summary>Item of the event, 1 to 256 bytes. It need not be in the catalogue.</summary>
    [Required]
    public string? ItemId { get; init; }

    /// <summary>Type of the event, such as <c>view</c> or <c>purchase</c>; 1 to 128 bytes. Any type is accepted.</summary>
    [Required]
    public string? Type { get; init; }

    /// <summary>A quantity, a rating or a sign, depending on the event type. From -1e12 to 1e12.</summary>
    public double? Value { get; init; }

    /// <summary>
    /// When the event occurred: RFC 3339 with an offset from UTC, such as 2010-12-01T08:26:00Z. From 1970 to 10 minutes ahead of the
    /// server's clock. Default: the time of arrival.
    /// </summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The <c>recommendationId</c> of the answer that led to this event, 1 to 256 bytes.</summary>
    public string? RecommendationId { get; init; }

    /// <summary>Any JSON object of at most 4096 bytes. It is stored and exported, but not interpreted.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>The <c>source</c> of a CloudEvent. Ingest sets it; producers of other events cannot.</summary>
    public string? CloudEventSource { get; init; }

    /// <summary>
    /// True if the server assigned <see cref="OccurredAt"/>, so that a retry has a different time. Ingest sets it; producers cannot.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OccurredAtAssigned { get; init; }

    /// <summary>Validates all fields against <see cref="Limits"/>.</summary>
    /// <param name="now"><see cref="OccurredAt"/> may be at most <see cref="Limits.ClockSkew"/> later.</param>
    /// <returns>The first wrong field and the reason; null for a valid event.</returns>
    public FieldError? Validate(DateTimeOffset now)
    {
        if (EventId is not null && Limits.IdError(EventId) is { } eventIdError) return new("eventId", eventIdError);
        if (UserId is null && SessionId is null) return new("userId", "is required unless sessionId is given");
        if (UserId is not null && Limits.IdError(UserId) is { } userIdError) return new("userId", userIdError);
        if (SessionId is not null && Limits.IdError(SessionId) is { } sessionIdError) return new("sessionId", sessionIdError);
        if (Limits.IdError(ItemId) is { } itemIdError) return new("itemId", itemIdError);
        if (Limits.NameError(Type) is { } typeError) return new("type", typeError);
        if (Value is { } value && (!double.IsFinite(value) || Math.Abs(value) > Limits.EventValue))
            return new("value", $"is not a number within ±{Limits.EventValue:0}");
        if (OccurredAt is { } at && at > now + Limits.ClockSkew)
            return new("occurredAt", $"is more than {Limits.ClockSkew.TotalMinutes:0} minutes ahead of the server's clock");
        if (OccurredAt is { } early && early < DateTimeOffset.UnixEpoch) return new("occurredAt", "is before 1970");
        if (CloudEventSource is not null && Limits.NameError(CloudEventSource, Limits.SourceBytes) is { } sourceError)
            return new("cloudEventSource", sourceError);
        if (RecommendationId is not null && Limits.IdError(RecommendationId) is { } recommendationIdError)
            return new("recommendationId", recommendationIdError);
        if (Context is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined) })
            return new("context", "is not an object");
        if (Context is { ValueKind: JsonValueKind.Object } context && JsonMarshal.GetRawUtf8Value(context).Length > Limits.ContextBytes)
            return new("context", $"is longer than {Limits.ContextBytes} bytes");
        if (Context is { ValueKind: JsonValueKind.Object } texts && Limits.JsonError(texts) is { } contextError)
            return new("context", contextError);
        return null;
    }
}

/// <summary>A wrong field of an element and the reason.</summary>
/// <param name="Field">JSON path of the field, such as <c>vector[2]</c>; empty for the element as a whole.</param>
/// <param name="Error">The reason, worded to follow the field's name: <c>is required</c>.</param>
public sealed record FieldError(string Field, string Error);

/// <summary>A rejected element of a batch.</summary>
/// <param name="Index">Position of the element in the body, from 0.</param>
/// <param name="Field">JSON path of the wrong field; empty for the element as a whole.</param>
/// <param name="Error">The reason, worded to follow the field's name.</param>
public sealed record RejectedElement(int Index, string Field, string Error);

/// <summary>Accepted and rejected elements of a request that records events or changes items or users.</summary>
public sealed record AcceptedResponse
{
    /// <summary>Number of accepted elements.</summary>
    public required int Accepted { get; init; }

    /// <summary>The rejected elements, in the order of the body.</summary>
    public IReadOnlyList<RejectedElement> Rejected { get; set; } = [];

    /// <summary>Number of rejected elements, if <c>rejected</c> lists only the first of them.</summary>
    public int? RejectedTotal { get; init; }

    /// <summary>The ids that the server assigned to accepted events without one, in the order of the body.</summary>
    public IReadOnlyList<string> EventIds { get; set; } = [];
}

/// <summary>
/// The owner of events: a known user, or an anonymous session, which may later be merged into a user. User ids and session ids are
/// separate: user <c>"a"</c> and session <c>"a"</c> are unrelated.
/// </summary>
public readonly record struct UserRef(string Id, bool IsSession)
{
    /// <summary>The user with this id.</summary>
    public static UserRef User(string id) => new(id, false);

    /// <summary>The anonymous session with this id.</summary>
    public static UserRef Session(string id) => new(id, true);

    /// <summary>The owner of an event: the user if it has one, else the session.</summary>
    /// <exception cref="ArgumentException">The event has neither.</exception>
    public static UserRef Of(Interaction interaction) =>
        interaction.UserId is { } userId ? User(userId)
        : Session(interaction.SessionId ?? throw new ArgumentException("The event has neither a userId nor a sessionId.",
            nameof(interaction)));

    /// <summary><c>u:ID</c> or <c>s:ID</c>, as in the keys of the store and the factor store.</summary>
    public string Key => (IsSession ? "s:" : "u:") + Id;

    public override string ToString() => Key;
}
