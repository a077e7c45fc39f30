using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Times;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// Any delimited file whose columns have names. A file with a user or session column holds events; one with an item column alone is a
/// catalogue. A file
/// may hold both: each row an event, and attributes of its item. Only what rows state is sent: of each attribute the last value that is not
/// empty.
/// </summary>
internal sealed class CsvPreset(CsvMapping mapping) : Preset
{
    private const int NamesShown = 30;

    private static readonly string[] s_userNames = ["userId", "user_id", "user", "customerId", "customer_id"];
    private static readonly string[] s_sessionNames = ["sessionId", "session_id", "session"];
    private static readonly string[] s_itemNames = ["itemId", "item_id", "item", "productId", "product_id"];
    private static readonly string[] s_typeNames = ["type", "eventType", "event_type", "event"];
    private static readonly string[] s_valueNames = ["value", "rating", "quantity"];
    private static readonly string[] s_timeNames = ["occurredAt", "timestamp", "time", "date"];
    private static readonly string[] s_idNames = ["eventId", "event_id"];
    private static readonly string[] s_titleNames = ["title", "name"];
    private static readonly string[] s_categoryNames = ["categories", "category"];
    private static readonly string[] s_tagNames = ["tags"];
    private static readonly string[] s_urlNames = ["url"];
    private static readonly string[] s_imageNames = ["imageUrl", "image_url"];

    public override string Name => "csv";

    public override string Settings =>
        string.Join('|', [mapping.ToString(), mapping.Zone.Id, .. mapping.Named, "columns", .. mapping.Dialect.Columns ?? []]);

    public override int Passes => mapping.TimeFormat == TimeFormat.Auto ? 2 : 1;

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        RequireNamed(files);

        // The format of times is decided by whole columns, before a row is read.
        var times = files.ToDictionary(file => file, file => FindTimes(file, data, readBytes, cancellationToken));

        // Rows with an id of their own are not numbered; theirs must stay as they are.
        bool? ownIds = null;
        bool anyEvents = false;
        foreach (var file in files)
        {
            using var table = new CsvTable(file, mapping.Dialect, readBytes);
            var columns = new Columns(table, mapping);
            if (columns.HoldsEvents)
            {
                anyEvents = true;
                if (ownIds is not null && ownIds != columns.Id.HasValue)
                    throw new CommandException("Either all files of events have the id column, or none has; import them one by one.");
                ownIds = columns.Id.HasValue;
                data.NumberEqualIds = !columns.Id.HasValue;
            }

            string[] unused = [.. table.UnusedColumns];
            if (unused.Length > 0) data.AddNote($"Columns not used: {string.Join(", ", unused.Take(NamesShown))}.");
            ReadFile(file, table, columns, times[file], data, cancellationToken);
        }

        if (!anyEvents && data.Items.Count == 0)
            throw new CommandException(
                "The files hold neither events nor item attributes; name the columns (--user-column, --item-column, --title-column, …).");
    }

    /// <summary>A column that an option names must be in one of the files: a slip of the pen must not import something else.</summary>
    private void RequireNamed(IReadOnlyList<SourceFile> files)
    {
        var present = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            using var table = new CsvTable(file, mapping.Dialect);
            present.UnionWith(table.Columns);
        }

        if (mapping.Named.FirstOrDefault(name => !present.Contains(name)) is { } missing)
        {
            throw new CommandException($"No file has a column '{missing}'; there are: {string.Join(", ", present.Take(NamesShown))}.");
        }
    }

    /// <summary>The format of the times of a file, or null for a file without times.</summary>
    private TimeFormat? FindTimes(SourceFile file, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        if (mapping.TimeFormat != TimeFormat.Auto) return TimeFormat.Of(mapping.TimeFormat, mapping.Zone, data.Now);
        using var table = new CsvTable(file, mapping.Dialect, readBytes);
        var columns = new Columns(table, mapping);
        if (!columns.HoldsEvents || columns.Time is not { } time) return null;
        var column = new TimeColumn(mapping.Zone, data.Now);
        bool any = false;
        while (table.Read(null, cancellationToken))
        {
            any = true;
            column.Add(table[time], table.Line);
        }

        // That there are no rows is said by the next pass.
        if (!any) return null;
        var format = column.Decide($"{file.Path}, column '{table.Columns[time]}'");
        string inZone = TimeFormat.NeedsZone(format.Name) ? $", those without an offset in the zone {mapping.Zone.Id}" : "";
        data.AddNote($"Times are read as {format.Name}{inZone}.");
        return format;
    }

    private void ReadFile(
        SourceFile file,
        CsvTable table,
        Columns columns,
        TimeFormat? times,
        ImportData data,
        CancellationToken cancellationToken)
    {
        long row = 0;
        while (table.Read(data, cancellationToken))
        {
            row++;
            if (row == 1 && mapping.Dialect.Columns is not null) columns.ThrowIfHeader(file, table);
            if (table.Text(columns.Item) is not { } itemId)
            {
                data.AddBad(file, table.Line, $"column '{table.Columns[columns.Item]}' is empty");
                continue;
            }

            if (columns.IsHeaderAgain(table))
            {
                data.AddBad(file, table.Line, "repeats the header line");
                continue;
            }

            // All of a row is taken or nothing, so the item is checked before the event is added.
            var item = columns.HoldsAttributes ? ToItem(table, columns, itemId) : null;
            if (item?.Validate() is { } error)
            {
                data.AddBad(file, table.Line, $"{error.Field} {error.Error}");
                continue;
            }

            if (columns.HoldsEvents && !AddEvent(file, table, columns, times, itemId, row, data)) continue;
            if (item is not null && (item.StatesAnything || !columns.HoldsEvents)) data.AddItem(file, table.Line, item);
        }
    }

    private bool AddEvent(SourceFile file, CsvTable table, Columns columns, TimeFormat? times, string itemId, long row, ImportData data)
    {
        DateTimeOffset at;
        if (columns.Time is { } time)
        {
            if (times!.Read(table[time], out at) is { } error)
            {
                data.AddBad(file, table.Line, $"'{table[time]}' in column '{table.Columns[time]}' {error}");
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
        return data.AddEvent(file, table.Line, new Interaction
        {
            EventId = id,
            UserId = userId,
            SessionId = sessionId,
            ItemId = itemId,
            Type = type,
            Value = value,
            OccurredAt = at
        });
    }

    /// <summary>A name made from the event itself, so that it does not depend on its place in the file or the file's name.</summary>
    private static string IdOf(string? userId, string? sessionId, string itemId, string type, double? value, DateTimeOffset at)
    {
        string text = string.Join('\0', userId, sessionId, itemId, type, value?.ToString("R", CultureInfo.InvariantCulture),
            at.UtcTicks.ToString(CultureInfo.InvariantCulture));
        return "csv-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    private ItemPatch ToItem(CsvTable table, Columns columns, string itemId)
    {
        var properties = new Dictionary<string, JsonElement>();
        foreach (var (name, position) in columns.Properties)
        {
            if (table.Text(position) is { } text) properties[name] = PropertyOf(text);
        }

        return new ItemPatch
        {
            ItemId = itemId,
            Title = table.Text(columns.Title),
            Categories = List(table.Text(columns.Categories)),
            Tags = List(table.Text(columns.Tags)),
            Url = table.Text(columns.Url),
            ImageUrl = table.Text(columns.ImageUrl),
            Properties = properties.Count > 0 ? properties : null,
        };
    }

    private string[]? List(string? text) =>
        text?.Split(mapping.ListSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } list
            ? [.. list.Distinct()]
            : null;

    /// <summary>
    /// A number as JSON writes it keeps all of its digits; one that begins with the point gets its zero. What is written like a code
    /// ("007", "+49") stays text.
    /// </summary>
    private static JsonElement PropertyOf(string text)
    {
        if (bool.TryParse(text, out bool truth)) return JsonSerializer.SerializeToElement(truth);
        string number = text.StartsWith('.') ? "0" + text : text.StartsWith("-.", StringComparison.Ordinal) ? "-0" + text[1..] : text;
        return number.All(c => char.IsAsciiDigit(c) || c is '-' or '.') && IsJson(number)
            ? JsonElement.Parse(number)
            : JsonSerializer.SerializeToElement(text);
    }

    private static bool IsJson(string number)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(number));
        try
        {
            return reader.Read() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Where the columns are in one file.</summary>
    private sealed class Columns
    {
        public Columns(CsvTable table, CsvMapping mapping)
        {
            // Of two usual names, one that an option names for something else is not meant.
            var claimed = new HashSet<string>(mapping.Named, StringComparer.OrdinalIgnoreCase);
            Item = mapping.Item is { } item
                ? table.Require(item)
                : Find(table, null, s_itemNames, claimed, "--item-column") ?? table.Require(s_itemNames);
            User = Find(table, mapping.User, s_userNames, claimed, "--user-column");
            Session = Find(table, mapping.Session, s_sessionNames, claimed, "--session-column");
            Type = Find(table, mapping.Type, s_typeNames, claimed, "--type-column");
            Value = Find(table, mapping.Value, s_valueNames, claimed, "--value-column");
            Time = Find(table, mapping.Time, s_timeNames, claimed, "--time-column");
            Id = Find(table, mapping.Id, s_idNames, claimed, "--id-column");
            Title = Find(table, mapping.Title, s_titleNames, claimed, "--title-column");
            Categories = Find(table, mapping.Categories, s_categoryNames, claimed, "--category-column");
            Tags = Find(table, mapping.Tags, s_tagNames, claimed, "--tag-column");
            Url = Find(table, mapping.Url, s_urlNames, claimed, "--url-column");
            ImageUrl = Find(table, mapping.ImageUrl, s_imageNames, claimed, "--image-column");
            Properties = mapping.Properties.Select(p => (p, table.Find(p))).Where(p => p.Item2 is not null)
                .Select(p => (p.p, p.Item2!.Value)).ToArray();
            if (HoldsEvents && Time is null && mapping.Start is null)
            {
                throw new CommandException(
                    "No column of times in the events; name it by --time-column, or give --start TIME for events without times. "
                    + $"Columns: {string.Join(", ", table.Columns.Take(NamesShown))}.");
            }

            if (!HoldsEvents && !HoldsAttributes)
            {
                throw new CommandException(
                    "No column of users (--user-column) and none of item attributes (--title-column, …) found. "
                    + $"Columns: {string.Join(", ", table.Columns.Take(NamesShown))}.");
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

        public bool HoldsAttributes => Title is not null || Categories is not null || Tags is not null || Url is not null
            || ImageUrl is not null || Properties.Length > 0;

        /// <summary>Whether a row in the middle of the file names the columns again, as where files were joined.</summary>
        public bool IsHeaderAgain(CsvTable table) =>
            Names(table, Item) && (User is null || Names(table, User.Value)) && (Time is null || Names(table, Time.Value));

        /// <summary>A first line that names columns in a file that is said to have no such line.</summary>
        /// <exception cref="CommandException">The current row is one.</exception>
        public void ThrowIfHeader(SourceFile file, CsvTable table)
        {
            foreach (var (position, names) in ((int?, string[])[])
                [(Item, s_itemNames), (User, s_userNames), (Session, s_sessionNames), (Time, s_timeNames)])
            {
                if (table.Text(position) is not { } text) continue;
                if (!names.Contains(text, StringComparer.OrdinalIgnoreCase) && !Names(table, position!.Value)) continue;
                throw new CommandException(
                    $"{file.Path}, line {table.Line}: '{text}' is the name of a column, so there is a header line. Leave out --columns.");
            }
        }

        private static bool Names(CsvTable table, int position) =>
            string.Equals(table[position], table.Columns[position], StringComparison.OrdinalIgnoreCase);

        // A named column may be absent from the file of the other kind; RequireNamed has seen that one file has it.
        private static int? Find(CsvTable table, string? named, string[] usual, HashSet<string> claimed, string option)
        {
            if (named is not null) return table.Find(named);
            string[] present = [.. usual.Where(table.Has)];
            if (present.Length > 1) present = [.. present.Where(name => !claimed.Contains(name))];
            if (present.Length > 1)
            {
                throw new CommandException($"The columns '{present[0]}' and '{present[1]}' may both be meant; name one by {option}.");
            }
            return present.Length == 0 ? null : table.Find(present[0]);
        }
    }
}
