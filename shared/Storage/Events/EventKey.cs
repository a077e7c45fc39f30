using Recommender.Contracts;

namespace Recommender.Storage.Events;

/// <summary>
/// The column <c>event_id</c>, by which an event is unique: the event id, and of a CloudEvent its source and a line break before it.
/// Neither holds a control character.
/// </summary>
internal static class EventKey
{
    private const char Separator = '\n';

    public static string Of(Interaction interaction) =>
        interaction.CloudEventSource is { } source ? $"{source}{Separator}{interaction.EventId}" : interaction.EventId!;

    public static (string? Source, string EventId) Parse(string key)
    {
        int at = key.IndexOf(Separator);
        return at < 0 ? (null, key) : (key[..at], key[(at + 1)..]);
    }
}
