using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Recommender.Contracts;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Requests;
using Recommender.ServiceDefaults;

namespace Recommender.Recommend.Endpoints;

/// <summary>Lists that are the same for everyone: popular, trending, latest, and what is like an item.</summary>
internal static class ItemEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        MapList(routes, answers, "popular", AnswerKind.Popular, "The items with most events");
        MapList(routes, answers, "trending", AnswerKind.Trending, "The items with most events lately");
        MapList(routes, answers, "latest", AnswerKind.Latest, "The newest items");
        routes.MapGet("/v1/items/{itemId}/similar", context => Similar(context, answers))
            .Describe<RecommendationResponse>("Items of like audience", [Parameter.Item, .. Parameter.List]);
    }

    private static void MapList(IEndpointRouteBuilder routes, Answers answers, string name, AnswerKind kind, string summary) =>
        routes.MapGet("/v1/items/" + name, context => List(context, answers, kind)).Describe<RecommendationResponse>(summary, Parameter.List);

    private static Task List(HttpContext context, Answers answers, AnswerKind kind)
    {
        long started = Stopwatch.GetTimestamp();
        var query = Query.Begin();
        answers.Reader.Read(context.Request.QueryString.Value, forUser: false, query);
        query.Kind = kind;
        var state = answers.Serving.State;
        Engine.AnswerList(state, query);
        AnswerWriter.Write(state, query, answers.Serving.CountAnswer());
        answers.Send(context, query, started);
        return Task.CompletedTask;
    }

    private static Task Similar(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        string itemId = Answers.PathId(context, "itemId");
        var query = Query.Begin();
        answers.Reader.Read(context.Request.QueryString.Value, forUser: false, query);
        query.Kind = AnswerKind.SimilarItems;
        var state = answers.Serving.State;
        if (!state.Catalogue.TryGet(itemId, out var item, out int position) || item.Record.Deleted)
            throw new ProblemException(Problem.NotFound($"There is no item '{itemId}'."));
        Engine.AnswerSimilar(state, query, position);
        AnswerWriter.Write(state, query, answers.Serving.CountAnswer());
        answers.Send(context, query, started);
        return Task.CompletedTask;
    }
}
