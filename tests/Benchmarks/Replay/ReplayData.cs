using System.Globalization;
using Recommender.Benchmarks.Quality;

namespace Recommender.Benchmarks.Replay;

/// <summary>Timed events in time order, with sessions.</summary>
internal sealed class ReplayData
{
    private const long SessionGapMs = 30 * 60 * 1000;

    private ReplayData(List<ReplayClick> clicks, string[] items, int sessions) => (Clicks, Items, Sessions) = (clicks, items, sessions);

    /// <summary>Oldest first; events of one time keep the order of the file.</summary>
    public IReadOnlyList<ReplayClick> Clicks { get; }

    /// <summary>External ids by number.</summary>
    public IReadOnlyList<string> Items { get; }

    public int Sessions { get; }

    /// <param name="path">
    /// A folder with <c>train.tsv</c> and <c>test.tsv</c> (session, item, seconds), <c>users_interactions.csv</c> (DeskDrop) or
    /// <c>online_retail.csv</c>; or a CSV or TSV file, with a header line; all of them gzip or not.
    /// </param>
    /// <param name="columns">
    /// For a file: names of the columns user, item, time and optionally session and type, separated by commas; null: the usual names.
    /// Times are seconds or milliseconds since 1970, or RFC 3339.
    /// </param>
    /// <exception cref="InvalidDataException">The file has other columns, or a row cannot be read; the message names file and
    /// line.</exception>
    public static ReplayData Read(string path, string? columns)
    {
        var rows = new List<Row>();
        if (Directory.Exists(path))
        {
            if (LearningData.Find(path, "users_interactions.csv") is { } articles) ReadDeskDrop(articles, rows);
            else if (LearningData.Find(path, "online_retail.csv") is { } retail) ReadRetail(retail, rows);
            else
            {
                string[] parts = [.. new[] { "train.tsv", "test.tsv" }.Select(name => LearningData.Find(path, name)).OfType<string>()];
                if (parts.Length == 0)
                    throw new InvalidDataException($"{path} has no train.tsv, users_interactions.csv or online_retail.csv.");
                foreach (string part in parts) ReadTable(part, columns, rows);
            }
        }
        else
        {
            if (!File.Exists(path)) throw new InvalidDataException($"There is no file or folder {path}.");
            ReadTable(path, columns, rows);
        }

        return Number(rows);
    }

    public static ReplayData Number(List<Row> rows)
    {
        var items = new Dictionary<string, int>();
        var sessions = new Dictionary<string, int>();
        var open = new Dictionary<string, (long LastMs, int Count)>();
        var clicks = new List<ReplayClick>(rows.Count);
        foreach (var row in rows.OrderBy(row => row.TimeMs))
        {
            string session = row.Session ?? SessionByGap(row, open);
            if (!sessions.TryGetValue(session, out int s)) sessions[session] = s = sessions.Count;
            if (!items.TryGetValue(row.Item, out int i)) items[row.Item] = i = items.Count;
            clicks.Add(new ReplayClick(row.TimeMs, s, i, row.Type, row.Value));
        }

        return new ReplayData(clicks, [.. items.Keys], sessions.Count);
    }

    private static string SessionByGap(Row row, Dictionary<string, (long LastMs, int Count)> open)
    {
        var (last, count) = open.GetValueOrDefault(row.User, (long.MinValue / 2, 0));
        if (row.TimeMs - last > SessionGapMs) count++;
        open[row.User] = (row.TimeMs, count);
        return $"{row.User}\n{count}";
    }

    private static void ReadDeskDrop(string path, List<Row> rows)
    {
        foreach (var row in LearningData.Csv(path))
        {
            string type = row["eventType"] == "COMMENT CREATED" ? "comment" : row["eventType"].ToLowerInvariant();
            rows.Add(new Row(ParseTime(row["timestamp"], path), row["personId"], null, row["contentId"], type, null));
        }
    }

    /// <summary>A session is an invoice. Cancellations and codes without a leading digit (postage, fees) are left out.</summary>
    private static void ReadRetail(string path, List<Row> rows)
    {
        foreach (var row in LearningData.Csv(path))
        {
            string invoice = row["InvoiceNo"], code = row["StockCode"];
            double quantity = double.Parse(row["Quantity"], CultureInfo.InvariantCulture);
            if (quantity <= 0 || invoice.StartsWith('C') || !char.IsAsciiDigit(code[0])) continue;
            var time = DateTime.Parse(row["InvoiceDate"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            rows.Add(new Row(new DateTimeOffset(time).ToUnixTimeMilliseconds(), invoice, invoice, code, "purchase", quantity));
        }
    }

    private static void ReadTable(string path, string? columns, List<Row> rows)
    {
        using var reader = LearningData.Open(path);
        string header = reader.ReadLine() ?? throw new InvalidDataException($"{path} is empty.");
        char separator = header.Contains('\t', StringComparison.Ordinal) ? '\t' : ',';
        string[] names = header.Split(separator);
        var wanted = columns?.Split(',');
        int Column(int position, bool isRequired, params string[] usual)
        {
            string[] candidates = wanted is null ? usual : position < wanted.Length ? [wanted[position]] : [];
            int at = Array.FindIndex(names, name => candidates.Contains(name, StringComparer.OrdinalIgnoreCase));
            if (at < 0 && isRequired)
                throw new InvalidDataException($"{path} has the columns {string.Join(", ", names)}; name those of user, item and time by "
                    + $"--columns.");
            return at;
        }

        int user = Column(0, true, "user", "userId", "visitor", "SessionId", "session", "sessionId", "session_id");
        int item = Column(1, true, "item", "itemId", "item_id", "article");
        int time = Column(2, true, "milliseconds", "time", "timestamp", "seconds", "eventdate");
        int session = Column(3, false, "session", "sessionId", "SessionId", "session_id");
        int type = Column(4, false, "type", "event", "eventType");
        for (int number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0) continue;
            string[] fields = line.Split(separator);
            if (fields.Length < names.Length)
                throw new InvalidDataException($"{path}, line {number}: {fields.Length} columns instead of {names.Length}.");
            rows.Add(new Row(ParseTime(fields[time], $"{path}, line {number}"), fields[user], session < 0 ? null
                : fields[session], fields[item],
                type < 0 ? "click" : fields[type], null));
        }
    }

    /// <summary>Whole seconds since 1970 have at most ten digits until the year 2286; longer numbers are milliseconds.</summary>
    private static long ParseTime(string text, string where)
    {
        if (double.TryParse(text, CultureInfo.InvariantCulture, out double number)) return (long)(number < 1e11 ? number * 1000 : number);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time.ToUnixTimeMilliseconds();
        throw new InvalidDataException($"{where}: '{text}' is not a time.");
    }

    /// <param name="Session">Null: sessions end after 30 minutes without an event of the user.</param>
    internal readonly record struct Row(long TimeMs, string User, string? Session, string Item, string Type, double? Value);
}
