namespace Recommender.Contracts;

/// <summary>One line of the answer of <c>POST /v1/recommendations/batch</c>.</summary>
public sealed record UserRecommendationResponse : RecommendationResponse
{
    /// <summary>User of the line.</summary>
    public required string UserId { get; init; }
}
