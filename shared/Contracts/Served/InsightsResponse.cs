namespace Recommender.Contracts.Served;

/// <summary>What was shown, and what came of it. Answer of <c>GET /v1/insights</c>.</summary>
public sealed record InsightsResponse
{
    /// <summary>Start of the time span.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>End of the time span.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>What the rows are grouped by.</summary>
    public required IReadOnlyList<string> By { get; init; }

    /// <summary>One row for each combination that occurs, in the order of its time and names.</summary>
    public required IReadOnlyList<InsightsRow> Rows { get; init; }

    /// <summary>All rows together.</summary>
    public required InsightsRow Total { get; init; }

    /// <summary>Share of the catalogue that was shown on the days of the time span, 0 to 1.</summary>
    public double? CatalogueShare { get; init; }

    /// <summary>Gini coefficient of how often the catalogue's items were shown: 0 if all equally often, near 1 if only few.</summary>
    public double? ExposureGini { get; init; }
}
