using Recommender.Cli.Import.Files;
using Recommender.Cli.Import.Presets;

namespace Recommender.Cli.Import;

/// <summary>What to import, how, and where to.</summary>
internal sealed record ImportOptions
{
    public const double DefaultMaxBadPercent = 1;

    public required IReadOnlyList<string> Files { get; init; }
    public required Preset Preset { get; init; }

    /// <summary>Null: UTF-8, or the encoding of a byte order mark.</summary>
    public FileEncoding? Encoding { get; init; }

    /// <summary>Share of the rows, in percent, that may be bad; beyond it nothing is sent.</summary>
    public double MaxBadPercent { get; init; } = DefaultMaxBadPercent;

    /// <summary>Address of the server, e.g. <c>http://127.0.0.1:8080</c>.</summary>
    public required Uri To { get; init; }

    /// <summary>A key with the scope <c>ingest</c>; null sends none.</summary>
    public string? Key { get; init; }

    /// <summary>Elements of one request, 1 to 5,000.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>Requests in flight at once, 1 to 64.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>How long a request is tried again while the server is away or refuses work.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Where the position is kept; null: a file in the user's application data, named after what is imported.</summary>
    public string? CheckpointFile { get; init; }

    /// <summary>Ignores a checkpoint and starts from the beginning.</summary>
    public bool Restart { get; init; }
}
