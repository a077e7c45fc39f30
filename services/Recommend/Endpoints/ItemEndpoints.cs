using System.Diagnostics;
using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults.Api;

namespace Recommender.Recommend.Endpoints;

/// <summary>Lists that are the same for every user: popular, trending and latest items, similar items, and items
/// bought together.</summary>
internal static class ItemEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        routes.MapOperation(RecommendationOperations.GetPopularItems, context => List(context, answers, Sources.Popular));
        routes.MapOperation(RecommendationOperations.GetTrendingItems, context => List(context, answers, Sources.Trending));
        routes.MapOperation(RecommendationOperations.GetLatestItems, context => List(context, answers, Sources.Latest));
        routes.MapOperation(RecommendationOperations.GetSimilarItems,
            context => ListOfItem(context, answers, RequestForm.List, Sources.Similar));
        routes.MapOperation(RecommendationOperations.GetItemsBoughtTogether,
            context => ListOfItem(context, answers, RequestForm.ItemList, Sources.Together));
    }

    private static Task List(HttpContext context, Answers answers, string ranking)
    {
        long started = Stopwatch.GetTimestamp();
        var request = answers.Reader.Read(context.Request.QueryString.Value, RequestForm.List, ranking);
        answers.SendRecommendations(context, request, default, started);
        return Task.CompletedTask;
    }

    private static Task ListOfItem(HttpContext context, Answers answers, RequestForm form, string recipe)
    {
        long started = Stopwatch.GetTimestamp();
        string itemId = Answers.PathId(context, "itemId");
        var request = answers.Reader.Read(context.Request.QueryString.Value, form, recipe);
        answers.SendItemsFor(context, request, default, itemId, started);
        return Task.CompletedTask;
    }
}
