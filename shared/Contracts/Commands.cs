using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>The kind of a <see cref="Command"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CommandKind>))]
public enum CommandKind
{
    PutItem,
    PatchItem,
    DeleteItem,
    PutUser,
    MergeSession,
    EraseUser,
}

/// <summary>
/// A change of the catalogue or of a user. Ingest publishes commands on <see cref="Topology.Commands"/>; the Trainer applies them in order,
/// one consumer at a time. Applying a command twice has the same effect as applying it once.
/// </summary>
public sealed record Command
{
    public required CommandKind Kind { get; init; }

    /// <summary>When Ingest accepted it.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>The whole item of <see cref="CommandKind.PutItem"/>.</summary>
    public Item? Item { get; init; }

    /// <summary>Item of <see cref="CommandKind.PatchItem"/> and <see cref="CommandKind.DeleteItem"/>.</summary>
    public string? ItemId { get; init; }

    /// <summary>JSON merge patch (RFC 7396) over the stored item, of <see cref="CommandKind.PatchItem"/>.</summary>
    public JsonElement? Patch { get; init; }

    /// <summary>Identifies the change of an item. A change that was applied to an item is never applied to it again, even if the item has
    /// changed since.</summary>
    public string? ChangeId { get; init; }

    /// <summary>Entity tags without quotes, or <c>*</c> for any. The item must have one of them when the change is applied. Null: no
    /// condition.</summary>
    public IReadOnlyList<string>? IfMatch { get; init; }

    /// <summary>User of the three user commands.</summary>
    public string? UserId { get; init; }

    /// <summary>Properties of <see cref="CommandKind.PutUser"/>.</summary>
    public UserProfile? Profile { get; init; }

    /// <summary>Session to merge into the user, of <see cref="CommandKind.MergeSession"/>.</summary>
    public string? SessionId { get; init; }

    /// <summary>Id of the erasure, of <see cref="CommandKind.EraseUser"/>.</summary>
    public string? ErasureId { get; init; }
}

/// <summary>Names on the broker. <see cref="Interactions"/> is part of the public contract: any AMQP client may publish to it.</summary>
public static class Topology
{
    /// <summary>Durable fanout exchange, and the quorum queue bound to it: events as JSON, one object or an array.</summary>
    public const string Interactions = "interactions";

    /// <summary>Durable exchange and quorum queue (single active consumer) of <see cref="Command"/> arrays.</summary>
    public const string Commands = "commands";

    /// <summary>Durable exchange and quorum queue of answers that were returned (<see cref="Served.ServedAnswerFormat"/>).</summary>
    public const string Served = "served";

    /// <summary>Messages that cannot be processed.</summary>
    public const string DeadLetters = "dead-letters";

    /// <summary>All streams, without the dead letters.</summary>
    public static IReadOnlyList<string> Streams { get; } = [Interactions, Commands, Served];

    /// <summary>Header of a dead letter: why it cannot be processed.</summary>
    public const string ReasonHeader = "x-reason";

    /// <summary>Header of a dead letter: the stream it came from.</summary>
    public const string StreamHeader = "x-stream";
}

/// <summary>Published when a model is released. Every Recommend instance loads it.</summary>
public sealed record ModelReleased
{
    public required long Version { get; init; }
    public required DateTimeOffset ReleasedAt { get; init; }
}

/// <summary>
/// Published after catalogue changes reached the factor store. It carries no changes: Recommend reads them from the feed.
/// </summary>
public sealed record CatalogueChanged
{
    public required long Sequence { get; init; }
}

/// <summary>Published when a user has been erased from store and factor store. Caches then drop the user.</summary>
public sealed record UserErased
{
    public required string ErasureId { get; init; }
    public required string UserId { get; init; }
}

/// <summary>Published when an instance of Recommend has dropped the erased user from memory: stage <c>serving</c> of the erasure.</summary>
public sealed record UserForgotten
{
    public required string ErasureId { get; init; }
}
