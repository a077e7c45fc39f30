namespace Recommender.Cli.Import.Files;

/// <summary>How the rows of a delimited file are written.</summary>
internal sealed record CsvDialect
{
    /// <summary>Between fields, one or more characters; null: found out from the first lines among comma, semicolon, tab and bar.</summary>
    public string? Separator { get; init; } = ",";

    /// <summary>Names of the columns by position, of a file without a header line; null: the first line names them.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Whether a field may stand in double quotes (RFC 4180). If not, quotes are text.</summary>
    public bool HasQuotes { get; init; } = true;
}
