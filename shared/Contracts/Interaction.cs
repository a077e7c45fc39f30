using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>
/// One event: what a user (or an anonymous session) did to an item. The body of <c>POST /v1/events</c>, and the element
/// of the JSON array (or the single object) on the exchange <see cref="Topology.Interactions"/>.
/// </summary>
/// <remarks>
/// Ingest fills <see cref="EventId"/> and <see cref="OccurredAt"/> where the producer left them out. An event is unique by
/// (<see cref="CloudEventSource"/>, <see cref="EventId"/>); of all events but CloudEvents the first is null.
/// </remarks>
public sealed record Interaction
{
    public string? EventId { get; init; }
    public string? UserId { get; init; }
    public string? SessionId { get; init; }
    [Required]
    public string? ItemId { get; init; }

    [Required]
    public string? Type { get; init; }


    /// <summary>A quantity, a rating, seconds watched: what it means is configured per event type. Finite.</summary>
    public double? Value { get; init; }

    /// <summary>By the rule of <see cref="Rfc3339"/>. Null: the time of arrival.</summary>
    [Description(Rfc3339.Rule)]
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The answer that led to this event, as returned by a recommendation request.</summary>
    public string? RecommendationId { get; init; }

    /// <summary>Any JSON object of at most <see cref="Limits.ContextBytes"/> bytes; kept, returned by export, not interpreted.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>The <c>source</c> of a CloudEvent. Ingest sets it; producers of other events cannot.</summary>
    public string? CloudEventSource { get; init; }

    /// <summary><see cref="OccurredAt"/> is the server's, so a retry has another one. Ingest sets it; producers cannot.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OccurredAtAssigned { get; init; }

    /// <summary>Says which field is wrong and why, or null for a valid event. <paramref name="now"/> bounds
    /// <see cref="OccurredAt"/>.</summary>
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

/// <summary>Which field of an element is wrong, and why.</summary>
public sealed record FieldError(string Field, string Error);

/// <summary>A rejected element of a batch: its 0-based position, the field and the reason.</summary>
public sealed record RejectedElement(int Index, string Field, string Error);

/// <summary>Answer of <c>POST /v1/events</c> and <c>POST /v1/items</c>.</summary>
public sealed record AcceptedResponse
{
    public required int Accepted { get; init; }
    public IReadOnlyList<RejectedElement> Rejected { get; set; } = [];

    /// <summary>How many were rejected, when <see cref="Rejected"/> lists only the first of them.</summary>
    public int? RejectedTotal { get; init; }

    /// <summary>Ids the server assigned: of the accepted events that came without one, in order. Empty when every event had its
    /// own.</summary>
    public IReadOnlyList<string> EventIds { get; set; } = [];
}

/// <summary>
/// Whose events these are: a known user, or an anonymous session whose events may later be merged into a user.
/// Ids of the two kinds are separate: user <c>"a"</c> and session <c>"a"</c> have nothing in common.
/// </summary>
public readonly record struct UserRef(string Id, bool IsSession)
{
    public static UserRef User(string id) => new(id, false);

    public static UserRef Session(string id) => new(id, true);

    /// <summary>The owner of an event: the user where one is named, else the session.</summary>
    public static UserRef Of(Interaction interaction) =>
        interaction.UserId is { } userId ? User(userId)
        : Session(interaction.SessionId ?? throw new ArgumentException("The event has neither a userId nor a sessionId.",
            nameof(interaction)));

    /// <summary><c>u:ID</c> or <c>s:ID</c>: the form used in store and factor-store keys.</summary>
    public string Key => (IsSession ? "s:" : "u:") + Id;

    public override string ToString() => Key;
}
