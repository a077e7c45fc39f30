using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Times;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// CI&amp;T DeskDrop: what people did with shared articles. User agent, region and country stay behind. Where the file of the articles
/// is named too, its titles become items.
/// </summary>
internal sealed class DeskDrop : Preset
{
    public override string Name => "deskdrop";

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        data.NumberEqualIds = true;
        bool anyEvents = false;
        foreach (var file in files.Where(f => f.Name.Contains(".csv", StringComparison.OrdinalIgnoreCase)))
        {
            using var table = new CsvTable(file, readBytes: readBytes);
            if (table.Has("title")) ReadArticles(file, table, data, cancellationToken);
            else
            {
                ReadEvents(file, table, data, cancellationToken);
                anyEvents = true;
            }
        }

        if (!anyEvents) throw new CommandException(
            "No CSV file with the interactions of DeskDrop is named: timestamp, eventType, contentId, personId, sessionId.");
    }

    private static void ReadEvents(SourceFile file, CsvTable table, ImportData data, CancellationToken cancellationToken)
    {
        int timestamp = table.Require("timestamp"), eventType = table.Require("eventType"), contentId = table.Require("contentId"),
            personId = table.Require("personId"), sessionId = table.Require("sessionId");
        var times = TimeFormat.Of(TimeFormat.UnixSeconds, TimeZoneInfo.Utc, data.Now);
        while (table.Read(data, cancellationToken))
        {
            // "COMMENT CREATED" is the type comment; the others are one word.
            string type = table[eventType].Split(' ')[0].ToLowerInvariant();
            if (times.Read(table[timestamp], out var at) is { } error)
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' {error}");
                continue;
            }

            data.AddEvent(file, table.Line, new Interaction
            {
                EventId = $"dd-{table[timestamp]}-{table[personId]}-{table[contentId]}-{type}",
                UserId = table[personId],
                SessionId = table.Text(sessionId),
                ItemId = table[contentId],
                Type = type,
                OccurredAt = at,
            });
        }
    }

    private static void ReadArticles(SourceFile file, CsvTable table, ImportData data, CancellationToken cancellationToken)
    {
        int timestamp = table.Require("timestamp"), eventType = table.Require("eventType"), contentId = table.Require("contentId"),
            title = table.Require("title");
        int? url = table.Find("url"), language = table.Find("lang");
        var times = TimeFormat.Of(TimeFormat.UnixSeconds, TimeZoneInfo.Utc, data.Now);
        while (table.Read(data, cancellationToken))
        {
            if (times.Read(table[timestamp], out var at) is { } error)
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' {error}");
                continue;
            }

            string id = table[contentId];
            data.AddItem(file, table.Line, new ItemPatch
            {
                ItemId = id,
                Title = table.Text(title),
                Tags = table.Text(language) is { } tag ? [tag] : null,
                Url = table.Text(url),
                PublishedAt = at,
                Available = AvailabilityOf(table[eventType], data.FindItem(id)?.Available),
            });
        }
    }

    /// <summary>
    /// Sharing an article makes it available only where the files have removed it before: one that an operator withdrew stays so.
    /// </summary>
    private static bool? AvailabilityOf(string eventType, bool? before) =>
        eventType == "CONTENT REMOVED" ? false : before is null ? null : true;
}
