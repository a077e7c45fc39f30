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
        CancellationToken cancellationToken)
    {
        if (!RecommendationId.TryParse(recommendationId, out var id)
            || await store.ReadServedAsync(id, cancellationToken) is not { } answer)
            return Problem.NotFound($"There is no answer {recommendationId}. Answers are stored about a second after they were returned, "
                + $"and kept for {InsightsOptions.Section}:{nameof(InsightsOptions.AnswerRetentionDays)} days.");
        int[] keys = new int[answer.Count];
        for (int i = 0; i < keys.Length; i++) keys[i] = answer.Items[i].ItemKey;
        var items = (await store.ReadCatalogueAsync(keys, cancellationToken)).ToDictionary(entry => entry.ItemKey);
        var response = new ServedAnswerResponse
        {
            RecommendationId = id.ToString(),
            At = DateTimeOffset.FromUnixTimeMilliseconds(answer.AtMs),
            Kind = answer.Kind.ToString().ToLowerInvariant(),
            Source = answer.Source,
            Placement = answer.Placement,
            UserId = answer.Subject is { IsSession: false } user ? user.Id : null,
            SessionId = answer.Subject is { IsSession: true } session ? session.Id : null,
            ModelVersion = answer.ModelVersion == 0 ? null : answer.ModelVersion,
            Share = answer.Share,
            Items = [.. keys.Select((key, place) => new ServedAnswerItem
            {
                ItemId = items[key].ItemId,
                Title = items[key].Item?.Title,
                Score = answer.Items[place].Score,
            })],
        };
        return TypedResults.Ok(response);
    }
}
