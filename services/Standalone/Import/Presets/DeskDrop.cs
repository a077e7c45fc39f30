using Recommender.Contracts;

namespace Recommender.Standalone.Import;

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

        if (!anyEvents) throw new CommandException("No CSV file with the interactions of DeskDrop is named: timestamp, eventType, contentId, personId, sessionId.");
    }

    private static void ReadEvents(SourceFile file, CsvTable table, ImportData data, CancellationToken cancellationToken)
    {
        int timestamp = table.Require("timestamp"), eventType = table.Require("eventType"), contentId = table.Require("contentId"),
            personId = table.Require("personId"), sessionId = table.Require("sessionId");
        while (table.Read(data, cancellationToken))
        {
            // "COMMENT CREATED" is the type comment; the others are one word.
            string type = table[eventType].Split(' ')[0].ToLowerInvariant();
            if (!TimeFormat.TryParse(table[timestamp], "unix", out var at))
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' is not a number of seconds since 1970");
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
        int timestamp = table.Require("timestamp"), eventType = table.Require("eventType"), contentId = table.Require("contentId"), title = table.Require("title");
        int? url = table.Find("url"), language = table.Find("lang");
        while (table.Read(data, cancellationToken))
        {
            if (!TimeFormat.TryParse(table[timestamp], "unix", out var at))
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' is not a number of seconds since 1970");
                continue;
            }

            data.AddItem(file, table.Line, new Item
            {
                ItemId = table[contentId],
                Title = table.Text(title),
                Tags = table.Text(language) is { } tag ? [tag] : [],
                Url = table.Text(url),
                PublishedAt = at,
                Available = table[eventType] != "CONTENT REMOVED",
            });
        }
    }
}
