using System.Text.Json;
using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.Parsing;

/// <summary>
/// Parses command messages. Ingest sends only valid ones, but other publishers may send anything, and an invalid command must not block the
/// following ones.
/// </summary>
public static class CommandParser
{
    /// <summary>The valid commands of a message in order, and the invalid elements. An invalid element does not affect others.</summary>
    public static (IReadOnlyList<Command> Valid, IReadOnlyList<DeadMessage> Dead) Parse(ReadOnlyMemory<byte> body)
    {
        var valid = new List<Command>();
        var dead = new List<DeadMessage>();
        List<(int Index, Range Range)> elements;
        try
        {
            elements = JsonElements.Of(body);
        }
        catch (JsonException e)
        {
            return ([], [new DeadMessage(
                body, $"The body is not an array of commands at line {e.LineNumber + 1}, byte {e.BytePositionInLine}.")]);
        }

        foreach (var (index, range) in elements)
        {
            var element = body[range];
            try
            {
                var command = JsonSerializer.Deserialize(element.Span, ContractsJson.Default.Command);
                var error = command is null ? new FieldError("", "is null; an object is expected") : ErrorOf(command);
                if (error is null) valid.Add(command!);
                else dead.Add(Dead(index, error, element));
            }
            catch (JsonException e)
            {
                dead.Add(Dead(index, JsonErrors.Describe(e), element));
            }
        }

        return (valid, dead);
    }

    /// <summary>The first wrong or missing field of a command of its kind; null for a valid command.</summary>
    public static FieldError? ErrorOf(Command command) =>
        (command.ChangeId is null ? null : Id("changeId", command.ChangeId)) ?? command.Kind switch
        {
            CommandKind.PutItem => command.Item is null ? new FieldError("item", "is required") : command.Item.Validate(),
            CommandKind.PatchItem => Id("itemId", command.ItemId)
                ?? (command.Patch is { ValueKind: JsonValueKind.Object } ? null : new FieldError("patch", "is not an object")),
            CommandKind.DeleteItem => StoredId("itemId", command.ItemId),
            CommandKind.PutUser => Id("userId", command.UserId)
                ?? (command.Profile is null ? new FieldError("profile", "is required") : command.Profile.Validate()),
            CommandKind.MergeSession => Id("userId", command.UserId) ?? StoredId("sessionId", command.SessionId),
            CommandKind.EraseUser => StoredId("userId", command.UserId) ?? Id("erasureId", command.ErasureId),
            _ => new FieldError("kind", "is not known"),
        };

    private static FieldError? Id(string field, string? id) => Limits.IdError(id) is { } error ? new FieldError(field, error) : null;

    private static FieldError? StoredId(string field, string? id) =>
        Limits.StoredIdError(id) is { } error ? new FieldError(field, error) : null;

    // As an array, so that a replayed dead letter has the form of a message.
    private static DeadMessage Dead(int index, FieldError error, ReadOnlyMemory<byte> element) =>
        new((byte[])[(byte)'[', .. element.Span,
        (byte)']'], $"element {index}: {(error.Field.Length > 0 ? error.Field + " " : "")}{error.Error}");
}
