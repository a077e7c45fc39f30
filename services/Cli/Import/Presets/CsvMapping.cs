using Recommender.Cli.Import.Files;

namespace Recommender.Cli.Import.Presets;

/// <summary>
/// Which column of a CSV file holds what. A column that is null is looked for under its usual name (see <see cref="CsvPreset"/>) and may be
/// absent.
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

    /// <summary>A name of <see cref="Recommender.Cli.Import.Times.TimeFormat"/>, or a .NET pattern.</summary>
    public string TimeFormat { get; init; } = Recommender.Cli.Import.Times.TimeFormat.Auto;

    /// <summary>Zone of times without an offset.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

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

    public CsvDialect Dialect { get; init; } = new() { Separator = null };

    /// <summary>Time of the first event where there is no time column; each further event is a second later.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>The columns that options name.</summary>
    public IEnumerable<string> Named =>
        ((string?[])[User, Session, Item, Type, Value, Time, Id, Title, Categories, Tags, Url, ImageUrl, .. Properties]).OfType<string>();
}
