namespace Recommender.Contracts.Served;

/// <summary>An answer as it was returned. Answer of <c>GET /v1/recommendations/{recommendationId}</c>.</summary>
public sealed record ServedAnswerResponse
{
    /// <summary>Id of the answer.</summary>
    public required string RecommendationId { get; init; }

    /// <summary>When it was returned.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// What was asked for: <c>recommendations</c>, <c>similar</c>, <c>together</c>, <c>again</c>, <c>recent</c>, <c>popular</c>,
    /// <c>trending</c>, <c>latest</c>, <c>rank</c>, <c>batch</c> or <c>search</c>.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>How the first item was found, as in the answer.</summary>
    public required string Source { get; init; }

    /// <summary>Name of the placement, if one was named.</summary>
    public string? Placement { get; init; }

    /// <summary>The user it was for. Left out where none was named.</summary>
    public string? UserId { get; init; }

    /// <summary>The session it was for, where no user was named.</summary>
    public string? SessionId { get; init; }

    /// <summary>Version of the model in service, where items were scored.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>Share of users and sessions whose answers are recorded: this one stands for 1 / share answers.</summary>
    public required double Share { get; init; }

    /// <summary>The items in the order returned.</summary>
    public required IReadOnlyList<ServedAnswerItem> Items { get; init; }
}
