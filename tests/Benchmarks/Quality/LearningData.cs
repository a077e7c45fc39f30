using System.IO.Compression;
using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;

namespace Recommender.Benchmarks.Quality;

/// <summary>Public data sets in their usual files.</summary>
internal static class LearningData
{
    /// <summary>The folder of public data sets: <c>RECOMMENDER_DATA</c>, or <c>../shared/data</c> next to the repository. Null if
    /// absent.</summary>
    public static string? Root()
    {
        if (Environment.GetEnvironmentVariable("RECOMMENDER_DATA") is { Length: > 0 } configured)
            return Directory.Exists(configured) ? configured : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "data");
            if (Directory.Exists(candidate)) return candidate;
        }

        return null;
    }

    /// <summary>Reads a fixed split, or splits a known CSV by time (the newest fifth is the test part).</summary>
    public static Split Read(string folder)
    {
        if (HasFixedSplit(folder)) return ReadFixedSplit(folder);
        var (users, items, entries) = ReadTimed(folder);
        return Splits.Temporal(users, items, entries);
    }

    /// <summary>Hold-outs of the training part for a search: by time if the data set has times, else at random.</summary>
    public static SearchSplits SearchSplitsOf(string folder, Split split)
    {
        if (HasFixedSplit(folder)) return RandomSplits.ForSearch(split.Train);
        var (users, items, entries) = ReadTimed(folder);
        var times = entries.Select(e => e.Time).Order().ToArray();
        long cut = times[(int)(times.Length * .8)];
        return TimeWindows.ForSearch(new TimedEntries(users, items, entries.Where(e => e.Time <= cut)));
    }

    /// <summary>
    /// Interactions with times from one of: <c>ratings.csv</c> (MovieLens), <c>users_interactions.csv</c> (DeskDrop),
    /// <c>online_retail.csv</c> (UCI Online Retail). Weights and targets by the default event types.
    /// </summary>
    public static (int Users, int Items, List<TimedEntry> Entries) ReadTimed(string folder)
    {
        var (users, items, entries, _) = ReadTimedWithContent(folder);
        return (users, items, entries);
    }

    /// <summary><see cref="ReadTimed"/>, and the content of each item; null for items without content.</summary>
    public static (int Users, int Items, List<TimedEntry> Entries, ItemText?[] Texts) ReadTimedWithContent(string folder)
    {
        var texts = new Dictionary<string, ItemText>();
        var users = new Dictionary<string, int>();
        var items = new Dictionary<string, int>();
        var entries = new List<TimedEntry>();
        var weights = EventWeights.Create();
        void Add(string user, string item, string type, double? value, long time)
        {
            var preference = weights.Of(type, value, 0);
            if (preference.Weight <= 0) return;
            if (!users.TryGetValue(user, out int u)) users[user] = u = users.Count;
            if (!items.TryGetValue(item, out int i)) items[item] = i = items.Count;
            entries.Add(new TimedEntry(new Entry(u, i, (float)preference.Weight, (float)preference.Target), time));
        }

        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (Find(folder, "ratings.csv") is { } ratings)
        {
            if (Find(folder, "movies.csv") is { } movies)
                foreach (var row in Csv(movies)) texts[row["movieId"]] =
                    new ItemText { Title = row["title"], Labels = row["genres"].Split('|') };
            foreach (var row in Csv(ratings)) Add(row["userId"], row["movieId"], "rating", double.Parse(row["rating"], culture),
                long.Parse(row["timestamp"], culture));
        }
        else if (Find(folder, "users_interactions.csv") is { } articles)
        {
            foreach (var row in Csv(articles))
            {
                string type = row["eventType"] == "COMMENT CREATED" ? "comment" : row["eventType"].ToLowerInvariant();
                Add(row["personId"], row["contentId"], type, null, long.Parse(row["timestamp"], culture));
            }
        }
        else if (Find(folder, "online_retail.csv") is { } retail)
        {
            foreach (var row in Csv(retail))
            {
                string customer = row["CustomerID"], code = row["StockCode"];
                // Codes without a leading digit are postage, fees and the like.
                if (customer.Length == 0 || !char.IsAsciiDigit(code[0])) continue;
                double quantity = double.Parse(row["Quantity"], culture);
                texts.TryAdd(code, new ItemText
                {
                    Title = row["Description"],
                    Numbers = [("price", double.Parse(row["UnitPrice"], culture))]
                });
                bool back = quantity < 0 || row["InvoiceNo"].StartsWith('C');
                Add(customer, code, back ? "return" : "purchase", quantity, DateTime.Parse(row["InvoiceDate"], culture).Ticks);
            }
        }
        else
        {
            throw new FileNotFoundException($"{folder} has none of train.txt, ratings.csv, users_interactions.csv, online_retail.csv, "
                + "either of them plain or with .gz.");
        }

        var byIndex = new ItemText?[items.Count];
        foreach (var (id, index) in items) byIndex[index] = texts.GetValueOrDefault(id);
        return (users.Count, items.Count, entries, byIndex);
    }

    /// <summary>Rows by column name; one row per line, quotes as in RFC 4180.</summary>
    public static IEnumerable<Dictionary<string, string>> Csv(string path)
    {
        using var reader = Open(path);
        var header = Fields(reader.ReadLine() ?? "");
        while (reader.ReadLine() is { } line)
        {
            var fields = Fields(line);
            yield return header.Zip(fields).ToDictionary(p => p.First, p => p.Second);
        }
    }

    private static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        for (int at = 0; at < line.Length; at++)
        {
            char c = line[at];
            if (c == '"' && quoted && at + 1 < line.Length && line[at + 1] == '"') field.Append(line[at++]);
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) { fields.Add(field.ToString()); field.Clear(); }
            else field.Append(c);
        }

        fields.Add(field.ToString());
        return fields;
    }

    public static bool HasFixedSplit(string folder) => Find(folder, "train.txt") is not null && Find(folder, "test.txt") is not null;

    /// <summary><c>train.txt[.gz]</c> and <c>test.txt[.gz]</c>: per line a user and their items.</summary>
    public static Split ReadFixedSplit(string folder)
    {
        var train = ReadLists(Find(folder, "train.txt") ?? throw new FileNotFoundException($"{folder} has no train.txt or train.txt.gz."));
        var test = ReadLists(Find(folder, "test.txt") ?? throw new FileNotFoundException($"{folder} has no test.txt or test.txt.gz."));
        int users = train.Concat(test).Max(e => e.User) + 1, items = train.Concat(test).Max(e => e.Item) + 1;
        return Splits.Make(users, items, train, test);
    }

    public static StreamReader Open(string path)
    {
        Stream file = File.OpenRead(path);
        return new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    public static string? Find(string folder, string name) =>
        new[] { name, name + ".gz" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);

    private static List<Entry> ReadLists(string path)
    {
        var entries = new List<Entry>();
        using var reader = Open(path);
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (int p = 1; p < parts.Length; p++)
            {
                if (!int.TryParse(parts[0], out int user) || !int.TryParse(parts[p], out int item))
                    throw new InvalidDataException($"{path}, line {number}: '{parts[p]}' is not an index.");
                entries.Add(new Entry(user, item));
            }
        }

        return entries;
    }
}
