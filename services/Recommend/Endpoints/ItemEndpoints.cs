using System.Diagnostics;
using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Api;

namespace Recommender.Recommend.Endpoints;

/// <summary>Lists that are the same for every user: popular, trending and latest items, and similar items.</summary>
internal static class ItemEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        routes.MapOperation(RecommendationOperations.GetPopularItems, context => List(context, answers, Sources.Popular));
        routes.MapOperation(RecommendationOperations.GetTrendingItems, context => List(context, answers, Sources.Trending));
        routes.MapOperation(RecommendationOperations.GetLatestItems, context => List(context, answers, Sources.Latest));
        routes.MapOperation(RecommendationOperations.GetSimilarItems, context => Similar(context, answers));
    }

    private static Task List(HttpContext context, Answers answers, string ranking)
    {
        long started = Stopwatch.GetTimestamp();
        var request = answers.Reader.Read(context.Request.QueryString.Value, RequestForm.List, ranking);
        answers.SendRecommendations(context, request, default, started);
        return Task.CompletedTask;
    }

    private static Task Similar(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        string itemId = Answers.PathId(context, "itemId");
        var request = answers.Reader.Read(context.Request.QueryString.Value, RequestForm.List, Sources.Similar);
        answers.SendItemsFor(context, request, default, itemId, started);
        return Task.CompletedTask;
    }
}
