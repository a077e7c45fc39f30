using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Recommender.Contracts;

namespace Recommender.Standalone.Import;

/// <summary>
/// GroupLens MovieLens as CSV: ratings, and beside them movies, tags and links where given; told apart by their columns, so that a
/// whole folder can be named. Genres become categories, the year in the title a property.
/// </summary>
internal sealed partial class MovieLens : Preset
{
    private const int TagsPerMovie = 50;

    public override string Name => "movielens";

    public override void Read(IReadOnlyList<SourceFile> files, ImportData data, Action<int> readBytes, CancellationToken cancellationToken)
    {
        var movies = new Dictionary<string, (SourceFile File, long Line, Item Item)>();
        var tags = new Dictionary<string, Dictionary<string, int>>();
        var links = new Dictionary<string, string>();
        bool anyRatings = false;
        foreach (var file in files.Where(IsTable))
        {
            using var table = new CsvTable(file, readBytes: readBytes);
            if (table.Has("rating"))
            {
                ReadRatings(file, table, data, cancellationToken);
                anyRatings = true;
            }
            else if (table.Has("genres")) ReadMovies(file, table, data, movies, cancellationToken);
            else if (table.Has("tag") && table.Has("movieId")) ReadTags(table, data, tags, cancellationToken);
            else if (table.Has("imdbId")) ReadLinks(table, data, links, cancellationToken);
        }

        if (!anyRatings) throw new CommandException("No file has the columns of MovieLens ratings: userId, movieId, rating, timestamp.");
        foreach (var (movieId, (file, line, item)) in movies)
        {
            data.AddItem(file, line, item with
            {
                Tags = tags.TryGetValue(movieId, out var counts) ? counts.OrderByDescending(t => t.Value).Take(TagsPerMovie).Select(t => t.Key).ToArray() : [],
                Url = links.GetValueOrDefault(movieId),
            });
        }
    }

    // In a folder there are other files, such as a README.
    private static bool IsTable(SourceFile file) => file.Name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || file.Name.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase);

    private static void ReadRatings(SourceFile file, CsvTable table, ImportData data, CancellationToken cancellationToken)
    {
        int userId = table.Require("userId"), movieId = table.Require("movieId"), rating = table.Require("rating"), timestamp = table.Require("timestamp");
        while (table.Read(data, cancellationToken))
        {
            if (!double.TryParse(table[rating], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double stars))
            {
                data.AddBad(file, table.Line, $"rating '{table[rating]}' is not a number");
            }
            else if (!TimeFormat.TryParse(table[timestamp], "unix", out var at))
            {
                data.AddBad(file, table.Line, $"timestamp '{table[timestamp]}' is not a number of seconds since 1970");
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

    private static void ReadMovies(SourceFile file, CsvTable table, ImportData data, Dictionary<string, (SourceFile, long, Item)> movies, CancellationToken cancellationToken)
    {
        int movieId = table.Require("movieId"), title = table.Require("title"), genres = table.Require("genres");
        while (table.Read(data, cancellationToken))
        {
            var year = Year().Match(table[title]);
            movies[table[movieId]] = (file, table.Line, new Item
            {
                ItemId = table[movieId],
                Title = table[title],
                Categories = table[genres] == "(no genres listed)" ? [] : table[genres].Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                Properties = year.Success
                    ? new Dictionary<string, JsonElement> { ["year"] = JsonSerializer.SerializeToElement(int.Parse(year.Groups[1].ValueSpan, CultureInfo.InvariantCulture)) }
                    : new Dictionary<string, JsonElement>(),
            });
        }
    }

    private static void ReadTags(CsvTable table, ImportData data, Dictionary<string, Dictionary<string, int>> tags, CancellationToken cancellationToken)
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
    [GeneratedRegex(@"\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")]
    private static partial Regex Year();
}
