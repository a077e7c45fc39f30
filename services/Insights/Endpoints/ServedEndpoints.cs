using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts.Served;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;

namespace Recommender.Insights.Endpoints;

/// <summary>Answers that were returned: <c>/v1/recommendations/{recommendationId}</c>.</summary>
internal static class ServedEndpoints
{
    public static void Map(WebApplication app) => app.MapOperation(InsightsOperations.GetServedAnswer, GetAsync);

    private static async Task<Results<Ok<ServedAnswerResponse>, Problem>> GetAsync(string recommendationId, IStore store,
        CancellationToken cancellationToken) =>
        RecommendationId.TryParse(recommendationId, out var id)
        && await store.DescribeServedAsync(id, cancellationToken) is { } answer
            ? TypedResults.Ok(answer)
            : Problem.NotFound($"There is no answer {recommendationId}. Answers are stored about a second after they were returned, "
                + $"and kept for {InsightsOptions.Section}:{nameof(InsightsOptions.AnswerRetentionDays)} days.");
}
