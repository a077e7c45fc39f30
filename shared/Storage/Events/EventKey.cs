using Recommender.Contracts;

namespace Recommender.Storage.Events;

/// <summary>
/// The column <c>event_id</c>, the unique key of an event: the event id, for a CloudEvent preceded by its source and a line break. Neither
/// contains control characters.
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
