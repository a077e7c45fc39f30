using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Times;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// GroupLens MovieLens: ratings, and movies, tags and links where given. The editions in CSV are told apart by their columns, the classic
/// ones
/// (100K: <c>u.data</c>, <c>u.item</c>; 1M and 10M: <c>ratings.dat</c>, <c>movies.dat</c>, <c>tags.dat</c>) by the names of their files, so
/// that a
/// whole folder can be named. Genres become categories, the year in the title a property. Data of the users are not read.
/// </summary>
internal sealed partial class MovieLens : Preset
{
    private const int TagsPerMovie = 50;

    private static readonly CsvDialect s_bar = new() { Separator = "|", HasQuotes = false };
    private static readonly CsvDialect s_colons = new() { Separator = "::", HasQuotes = false };
    private static readonly CsvDialect s_tab = new() { Separator = "\t", HasQuotes = false };

    private static readonly string[] s_ratingColumns = ["userId", "movieId", "rating", "timestamp"];

    // The flags of u.item, in their order.
    private static readonly string[] s_genres =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir",
        "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    public override string Name => "movielens";

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        var movies = new Dictionary<string, (SourceFile File, long Line, ItemPatch Item)>();
        var tags = new Dictionary<string, Dictionary<string, int>>();
        var links = new Dictionary<string, string>();
        bool anyRatings = false;
        bool hasAllOf100K = files.Any(f => PlainName(f) == "u.data");
        foreach (var named in files)
        {
            string name = PlainName(named);
            if (DialectOf(name) is not { } dialect || (hasAllOf100K && IsPart(name))) continue;

            // The 100K and 1M editions are Latin-1, the 10M edition is UTF-8.
            var file = dialect.Columns is null ? named : named.WithFallback(FileEncoding.Latin1);
            using var table = new CsvTable(file, dialect, readBytes);
            if (table.Has("rating"))
            {
                ReadRatings(file, table, data, cancellationToken);
                anyRatings = true;
            }
            else if (table.Has(s_genres[1])) ReadFlaggedMovies(file, table, data, movies, cancellationToken);
            else if (table.Has("genres")) ReadMovies(file, table, data, movies, cancellationToken);
            else if (table.Has("tag") && table.Has("movieId")) ReadTags(table, data, tags, cancellationToken);
            else if (table.Has("imdbId")) ReadLinks(table, data, links, cancellationToken);
        }

        if (!anyRatings)
        {
            throw new CommandException(
                "No file holds MovieLens ratings: CSV with the columns userId, movieId, rating, timestamp; or ratings.dat; or u.data.");
        }
        foreach (var (movieId, (file, line, item)) in movies)
        {
            data.AddItem(file, line, item with
            {
                Tags = tags.TryGetValue(movieId, out var counts)
                    ? counts.OrderByDescending(t => t.Value).Take(TagsPerMovie).Select(t => t.Key).ToArray()
                    : null,
                Url = links.GetValueOrDefault(movieId) ?? item.Url,
            });
        }
    }

    /// <summary>How a file is written, by its name; null for one that is not read, such as a README or the data of users.</summary>
    private static CsvDialect? DialectOf(string name) => name switch
    {
        "ratings.dat" => s_colons with { Columns = s_ratingColumns },
        "movies.dat" => s_colons with { Columns = ["movieId", "title", "genres"] },
        "tags.dat" => s_colons with { Columns = ["userId", "movieId", "tag", "timestamp"] },
        "u.item" => s_bar with { Columns = ["movieId", "title", "released", "releasedOnVideo", "url", .. s_genres] },
        "u.data" => s_tab with { Columns = s_ratingColumns },
        _ when IsPart(name) => s_tab with { Columns = s_ratingColumns },
        _ when name.EndsWith(".csv", StringComparison.Ordinal) => new CsvDialect(),
        _ => null,
    };

    /// <summary>u1.base, ua.test and so on are parts of u.data.</summary>
    private static bool IsPart(string name) =>
        name.EndsWith(".base", StringComparison.Ordinal) || name.EndsWith(".test", StringComparison.Ordinal);

    private static string PlainName(SourceFile file)
    {
        string name = file.Name.ToLowerInvariant();
        return name.EndsWith(".gz", StringComparison.Ordinal) ? name[..^3] : name;
    }

    private static void ReadRatings(SourceFile file, CsvTable table, ImportData data, CancellationToken cancellationToken)
    {
        int userId = table.Require("userId"), movieId = table.Require("movieId"), rating = table.Require("rating"),
            timestamp = table.Require("timestamp");
        var times = TimeFormat.Of(TimeFormat.UnixSeconds, TimeZoneInfo.Utc, data.Now);
        while (table.Read(data, cancellationToken))
        {
            if (!double.TryParse(table[rating], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double stars))
            {
                data.AddBad(file, table.Line, $"rating '{table[rating]}' is not a number");
            }
            else if (times.Read(table[timestamp], out var at) is { } error)
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' {error}");
            }
            else
            {
                data.AddEvent(file, table.Line, new Interaction
                {
                    EventId = $"ml-{table[userId]}-{table[movieId]}-{table[timestamp]}",
                    UserId = table[userId],
                    ItemId = table[movieId],
                    Type = "rating",
                    Value = stars,
                    OccurredAt = at,
                });
            }
        }
    }

    private static void ReadMovies(
        SourceFile file,
        CsvTable table,
        ImportData data,
        Dictionary<string, (SourceFile, long, ItemPatch)> movies,
        CancellationToken cancellationToken)
    {
        int movieId = table.Require("movieId"), title = table.Require("title"), genres = table.Require("genres");
        while (table.Read(data, cancellationToken))
        {
            string[] names = table[genres] == "(no genres listed)"
                ? []
                : table[genres].Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            movies[table[movieId]] = (file, table.Line, ToItem(table[movieId], table.Text(title), names));
        }
    }

    private static void ReadFlaggedMovies(
        SourceFile file,
        CsvTable table,
        ImportData data,
        Dictionary<string, (SourceFile, long, ItemPatch)> movies,
        CancellationToken cancellationToken)
    {
        int movieId = table.Require("movieId"), title = table.Require("title"), url = table.Require("url");
        int[] flags = [.. s_genres.Select(genre => table.Require(genre))];
        while (table.Read(data, cancellationToken))
        {
            if (Array.Find(flags, flag => table[flag] is not ("0" or "1")) is var wrong and > 0)
            {
                data.AddBad(file, table.Line, $"the flag of genre {table.Columns[wrong]} is '{table[wrong]}'; 0 or 1 is expected");
                continue;
            }

            // The first genre is "unknown".
            string[] names = [.. s_genres.Where((_, i) => i > 0 && table[flags[i]] == "1")];
            movies[table[movieId]] = (file, table.Line, ToItem(table[movieId], table.Text(title), names) with { Url = table.Text(url) });
        }
    }

    private static ItemPatch ToItem(string movieId, string? title, string[] genres)
    {
        var year = Year().Match(title ?? "");
        return new ItemPatch
        {
            ItemId = movieId,
            Title = title,
            Categories = genres.Length > 0 ? genres : null,
            Properties = year.Success
                ? new Dictionary<string, JsonElement> { ["year"] = JsonElement.Parse(year.Groups[1].Value) }
                : null,
        };
    }

    private static void ReadTags(CsvTable table, ImportData data, Dictionary<string, Dictionary<string, int>> tags,
        CancellationToken cancellationToken)
    {
        int movieId = table.Require("movieId"), tag = table.Require("tag");
        while (table.Read(data, cancellationToken))
        {
            string text = table[tag].ToLowerInvariant();
            if (Limits.NameError(text) is { } error)
            {
                // A free-text remark is no label; the movie itself is not wrong.
                data.AddSkipped($"tags whose text {error}");
                continue;
            }

            if (!tags.TryGetValue(table[movieId], out var counts)) tags[table[movieId]] = counts = [];
            counts[text] = counts.GetValueOrDefault(text) + 1;
        }
    }

    private static void ReadLinks(CsvTable table, ImportData data, Dictionary<string, string> links, CancellationToken cancellationToken)
    {
        int movieId = table.Require("movieId"), imdbId = table.Require("imdbId");
        while (table.Read(data, cancellationToken))
        {
            if (table.Text(imdbId) is { } imdb) links[table[movieId]] = $"https://www.imdb.com/title/tt{imdb}/";
        }
    }

    // "Toy Story (1995)", and of series "(2007-)" and "(1975-1979)": the first year.
    [GeneratedRegex(@"\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Year();
}
