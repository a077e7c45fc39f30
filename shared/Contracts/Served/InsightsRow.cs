namespace Recommender.Contracts.Served;

/// <summary>Figures of a group of answers. Outcomes count in the hour of their answer.</summary>
public sealed record InsightsRow
{
    /// <summary>Start of the hour or day, if rows are grouped by time.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Name of the placement; empty for answers without one.</summary>
    public string? Placement { get; init; }

    /// <summary>What was asked for, as in <c>GET /v1/recommendations/{recommendationId}</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>How the first item was found.</summary>
    public string? Source { get; init; }

    /// <summary>Version of the model in service; 0 where no item was scored.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>Answers that were returned.</summary>
    public double? Answers { get; init; }

    /// <summary>Items in them.</summary>
    public double? Items { get; init; }

    /// <summary>Positive events, other than purchases, that came of them.</summary>
    public double? Clicks { get; init; }

    /// <summary>Share of the answers with a click or more.</summary>
    public Estimate? ClickThroughRate { get; init; }

    /// <summary>Purchases that came of them.</summary>
    public double? Conversions { get; init; }

    /// <summary>Share of the answers with a purchase or more.</summary>
    public Estimate? ConversionRate { get; init; }

    /// <summary>Sum of the values of these purchases, as their events state them.</summary>
    public double? Value { get; init; }

    /// <summary>The same for every 1,000 answers.</summary>
    public Estimate? ValuePer1000Answers { get; init; }

    /// <summary>Share of the answers to requests for recommendations that began with popular or trending items.</summary>
    public double? FallbackShare { get; init; }
}
