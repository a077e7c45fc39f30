using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Recommender.Contracts;

namespace Recommender.Recommend.Endpoints;

/// <summary>Lists that are the same for everyone: popular, trending, latest, and what is like an item.</summary>
internal static class ItemEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        MapList(routes, answers, Sources.Popular, "The items with most users", $"""
            Users with a positive preference for an item, each counted once however many events they have, and half for every 90 days
            (setting `Trainer:PopularHalfLifeDays`) since their newest positive event on it. `score` is the decayed number of users as a share
            of that of the most popular item: 1 for the first, 0 for an item without such users. Waiting does not change the order, and
            neither does the order in which events arrive. {Sessions} {AvailableItems}
            """);
        MapList(routes, answers, Sources.Trending, "The items with most users lately", $"""
            The same count as of `popular` with a half-life of 72 hours (setting `Trainer:TrendingHalfLifeHours`). `score` is the decayed
            number of users as a share of that of the strongest item. Items without such users follow as in `popular`.
            {Sessions} {AvailableItems}
            """);
        MapList(routes, answers, Sources.Latest, "The newest items", $"""
            By `publishedAt`, else by the time at which the item was first named. `score` is that time in days since 1970. {AvailableItems}
            """);
        routes.MapGet("/v1/items/{itemId}/similar", context => Similar(context, answers))
            .Describe<RecommendationResponse>("Items with a similar audience", [Parameter.Item, .. Parameter.List])
            .WithDescription(AvailableItems);
    }

    private const string Sessions =
        "A session counts as one user until it is merged into a user; a producer that opens a session for every request is as many users.";

    /// <summary>What every list and search says of the items in it.</summary>
    internal const string AvailableItems =
        "Only available items appear: not deleted, `available`, and `publishedAt` not in the future. An item with a future `publishedAt` " +
        "appears when the time comes. An item that was never put appears while some user has a positive preference for it.";

    private static void MapList(
        IEndpointRouteBuilder routes, Answers answers, string ranking, string summary, string description) =>
        routes.MapGet("/v1/items/" + ranking, context => List(context, answers, ranking))
            .Describe<RecommendationResponse>(summary, Parameter.List).WithDescription(description);

    private static Task List(HttpContext context, Answers answers, string ranking)
    {
        long started = Stopwatch.GetTimestamp();
        var request = answers.Reader.Read(context.Request.QueryString.Value, forUser: false);
        answers.SendList(context, request, ranking, started);
        return Task.CompletedTask;
    }

    private static Task Similar(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        string itemId = Answers.PathId(context, "itemId");
        var request = answers.Reader.Read(context.Request.QueryString.Value, forUser: false);
        answers.SendSimilarItems(context, request, itemId, started);
        return Task.CompletedTask;
    }
}
