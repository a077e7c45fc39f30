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
/// A change to the catalogue or to a user, on its way from Ingest to the Trainer over <see cref="Topology.Commands"/>,
/// where one consumer at a time applies commands in order. Applying one twice has the effect of applying it once.
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

    /// <summary>Names the change of an item: a change that was applied to an item is never applied to it again, even if the item changed
    /// since.</summary>
    public string? ChangeId { get; init; }

    /// <summary>Entity tags of which the item must have one when the change is applied, without quotes; <c>*</c> for any. Null for no
    /// condition.</summary>
    public IReadOnlyList<string>? IfMatch { get; init; }

    /// <summary>User of the three user commands.</summary>
    public string? UserId { get; init; }

    public UserProfile? Profile { get; init; }

    /// <summary>Session whose events go to the user, of <see cref="CommandKind.MergeSession"/>.</summary>
    public string? SessionId { get; init; }

    /// <summary>Names the receipt, of <see cref="CommandKind.EraseUser"/>.</summary>
    public string? ErasureId { get; init; }
}

/// <summary>Names on the broker. Plain AMQP producers rely on <see cref="Interactions"/>.</summary>
public static class Topology
{
    /// <summary>Durable fanout exchange, and the quorum queue bound to it: events as JSON, one object or an array.</summary>
    public const string Interactions = "interactions";

    /// <summary>Durable exchange and quorum queue (single active consumer) of <see cref="Command"/> arrays.</summary>
    public const string Commands = "commands";

    /// <summary>Where what cannot be processed goes, with the reason in the header <see cref="ReasonHeader"/>.</summary>
    public const string DeadLetters = "dead-letters";

    public const string ReasonHeader = "x-reason";

    /// <summary>Stream a dead letter came from.</summary>
    public const string StreamHeader = "x-stream";
}

/// <summary>Published when a model version is made the one that is served. Every Recommend instance swaps to it.</summary>
public sealed record ModelReleased
{
    public required long Version { get; init; }
    public required DateTimeOffset ReleasedAt { get; init; }
}

/// <summary>Published after catalogue changes reached the factor store. A nudge: Recommend reads the change feed.</summary>
public sealed record CatalogueChanged
{
    public required long Sequence { get; init; }
}

/// <summary>Published when a user has been erased from store and factor store, so that caches drop them.</summary>
public sealed record UserErased
{
    public required string ErasureId { get; init; }
    public required string UserId { get; init; }
}

/// <summary>An instance of Recommend has dropped the erased user from its memory: the stage <c>serving</c> of the receipt.</summary>
public sealed record UserForgotten
{
    public required string ErasureId { get; init; }
}
