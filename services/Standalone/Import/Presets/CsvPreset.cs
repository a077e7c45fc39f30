using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Standalone.Import;

/// <summary>
/// Which column of a CSV file holds what. A column that is null is looked for under its usual name (see <see cref="CsvPreset"/>) and may be absent.
/// </summary>
internal sealed record CsvMapping
{
    public string? User { get; init; }
    public string? Session { get; init; }
    public string? Item { get; init; }
    public string? Type { get; init; }

    /// <summary>The type of every event where there is no type column.</summary>
    public string FixedType { get; init; } = "view";

    public string? Value { get; init; }
    public string? Time { get; init; }
    public string TimeFormat { get; init; } = "auto";
    public string? Id { get; init; }
    public string? Title { get; init; }
    public string? Categories { get; init; }
    public string? Tags { get; init; }
    public string? Url { get; init; }
    public string? ImageUrl { get; init; }

    /// <summary>Columns that become item properties.</summary>
    public IReadOnlyList<string> Properties { get; init; } = [];

    /// <summary>Between several categories or tags in one field.</summary>
    public string ListSeparator { get; init; } = "|";

    /// <summary>Between fields; null: found out from the first lines.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Time of the first event where there is no time column; each further event is a second later.</summary>
    public DateTimeOffset? Start { get; init; }
}

/// <summary>
/// Any CSV file with a header. A file with a user or session column holds events; one with an item column alone is a catalogue. A file may hold
/// both: each row an event, and attributes of its item (the last row of an item counts).
/// </summary>
internal sealed class CsvPreset(CsvMapping mapping) : Preset
{
    public override string Name => "csv";

    public override string Settings => mapping.ToString() + string.Join('|', mapping.Properties);

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        // Rows with an id of their own are not numbered; theirs must stay as they are.
        bool? ownIds = null;
        bool anyEvents = false;
        RequireNamed(files);
        foreach (var file in files)
        {
            using var table = new CsvTable(file, mapping.Delimiter, readBytes);
            var columns = new Columns(table, mapping);
            if (columns.HoldsEvents)
            {
                anyEvents = true;
                if (ownIds is not null && ownIds != columns.Id.HasValue) throw new CommandException("Either all files of events have the id column, or none has; import them one by one.");
                ownIds = columns.Id.HasValue;
                data.NumberEqualIds = !columns.Id.HasValue;
            }

            ReadFile(file, table, columns, data, cancellationToken);
        }

        if (!anyEvents && data.Items.Count == 0) throw new CommandException("The files hold neither events nor item attributes; name the columns (--user-column, --item-column, --title-column, …).");
    }

    /// <summary>A column that an option names must be in one of the files: a slip of the pen must not import something else.</summary>
    private void RequireNamed(IReadOnlyList<SourceFile> files)
    {
        var present = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            using var table = new CsvTable(file, mapping.Delimiter);
            present.UnionWith(table.Columns);
        }

        string?[] named = [mapping.User, mapping.Session, mapping.Item, mapping.Type, mapping.Value, mapping.Time, mapping.Id, mapping.Title, mapping.Categories, mapping.Tags, mapping.Url, mapping.ImageUrl, .. mapping.Properties];
        if (Array.Find(named, n => n is not null && !present.Contains(n)) is { } missing)
        {
            throw new CommandException($"No file has a column '{missing}'; there are: {string.Join(", ", present.Take(30))}.");
        }
    }

    private void ReadFile(SourceFile file, CsvTable table, Columns columns, ImportData data, CancellationToken cancellationToken)
    {
        long row = 0;
        while (table.Read(data, cancellationToken))
        {
            row++;
            if (table.Text(columns.Item) is not { } itemId)
            {
                data.AddBad(file, table.Line, $"column '{table.Columns[columns.Item]}' is empty");
                continue;
            }

            if (columns.HoldsEvents && !AddEvent(file, table, columns, itemId, row, data)) continue;
            if (columns.HoldsAttributes) data.AddItem(file, table.Line, ToItem(table, columns, itemId));
        }
    }

    private bool AddEvent(SourceFile file, CsvTable table, Columns columns, string itemId, long row, ImportData data)
    {
        DateTimeOffset at;
        if (columns.Time is { } time)
        {
            if (!TimeFormat.TryParse(table[time], mapping.TimeFormat, out at))
            {
                data.AddBad(file, table.Line, $"'{table[time]}' is not a time of the format {mapping.TimeFormat}");
                return false;
            }
        }
        else
        {
            at = mapping.Start!.Value.AddSeconds(row - 1);
        }

        double? value = null;
        if (table.Text(columns.Value) is { } text)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            {
                data.AddBad(file, table.Line, $"value '{text}' is not a number");
                return false;
            }

            value = number;
        }

        string? userId = table.Text(columns.User), sessionId = table.Text(columns.Session);
        string type = columns.Type is { } t ? table[t].ToLowerInvariant() : mapping.FixedType;
        string? id = columns.Id is { } i ? table[i] : IdOf(userId, sessionId, itemId, type, value, at);
        return data.AddEvent(file, table.Line, new Interaction { EventId = id, UserId = userId, SessionId = sessionId, ItemId = itemId, Type = type, Value = value, OccurredAt = at });
    }

    /// <summary>A name made from the event itself, so that it does not depend on its place in the file or the file's name.</summary>
    private static string IdOf(string? userId, string? sessionId, string itemId, string type, double? value, DateTimeOffset at)
    {
        string text = string.Join('\0', userId, sessionId, itemId, type, value?.ToString("R", CultureInfo.InvariantCulture), at.UtcTicks.ToString(CultureInfo.InvariantCulture));
        return "csv-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    private Item ToItem(CsvTable table, Columns columns, string itemId)
    {
        var properties = new Dictionary<string, JsonElement>();
        foreach (var (name, position) in columns.Properties)
        {
            if (table.Text(position) is { } text) properties[name] = PropertyOf(text);
        }

        return new Item
        {
            ItemId = itemId,
            Title = table.Text(columns.Title),
            Categories = List(table.Text(columns.Categories)),
            Tags = List(table.Text(columns.Tags)),
            Url = table.Text(columns.Url),
            ImageUrl = table.Text(columns.ImageUrl),
            Properties = properties,
        };
    }

    private string[] List(string? text) =>
        text?.Split(mapping.ListSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct().ToArray() ?? [];

    private static JsonElement PropertyOf(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? JsonSerializer.SerializeToElement(number)
            : bool.TryParse(text, out bool truth) ? JsonSerializer.SerializeToElement(truth) : JsonSerializer.SerializeToElement(text);

    /// <summary>Where the columns are in one file.</summary>
    private sealed class Columns
    {
        public Columns(CsvTable table, CsvMapping mapping)
        {
            Item = mapping.Item is { } item ? table.Require(item) : table.Require("itemId", "item_id", "item", "productId", "product_id");
            User = Find(table, mapping.User, "userId", "user_id", "user", "customerId", "customer_id");
            Session = Find(table, mapping.Session, "sessionId", "session_id", "session");
            Type = Find(table, mapping.Type, "type", "eventType", "event_type", "event");
            Value = Find(table, mapping.Value, "value", "rating", "quantity");
            Time = Find(table, mapping.Time, "occurredAt", "timestamp", "time", "date");
            Id = Find(table, mapping.Id, "eventId", "event_id");
            Title = Find(table, mapping.Title, "title", "name");
            Categories = Find(table, mapping.Categories, "categories", "category");
            Tags = Find(table, mapping.Tags, "tags");
            Url = Find(table, mapping.Url, "url");
            ImageUrl = Find(table, mapping.ImageUrl, "imageUrl", "image_url");
            Properties = mapping.Properties.Select(p => (p, table.Find(p))).Where(p => p.Item2 is not null).Select(p => (p.p, p.Item2!.Value)).ToArray();
            if (HoldsEvents && Time is null && mapping.Start is null)
            {
                throw new CommandException($"No column of times in the events; name it by --time-column, or give --start TIME for events without times. Columns: {string.Join(", ", table.Columns.Take(30))}.");
            }

            if (!HoldsEvents && !HoldsAttributes)
            {
                throw new CommandException($"No column of users (--user-column) and none of item attributes (--title-column, …) found. Columns: {string.Join(", ", table.Columns.Take(30))}.");
            }
        }

        public int Item { get; }
        public int? User { get; }
        public int? Session { get; }
        public int? Type { get; }
        public int? Value { get; }
        public int? Time { get; }
        public int? Id { get; }
        public int? Title { get; }
        public int? Categories { get; }
        public int? Tags { get; }
        public int? Url { get; }
        public int? ImageUrl { get; }
        public (string Name, int Position)[] Properties { get; }

        public bool HoldsEvents => User is not null || Session is not null;

        /// <summary>Without any, items are not sent: an item known by its id alone would replace one that has attributes.</summary>
        public bool HoldsAttributes => Title is not null || Categories is not null || Tags is not null || Url is not null || ImageUrl is not null || Properties.Length > 0;

        // A named column may be absent from the file of the other kind; RequireNamed has seen that one file has it.
        private static int? Find(CsvTable table, string? named, params ReadOnlySpan<string> usual)
        {
            if (named is not null) return table.Find(named);
            foreach (string name in usual)
            {
                if (table.Find(name) is { } position) return position;
            }

            return null;
        }
    }
}
