using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>What is asked about one user: recommendations, rank, history, similar users.</summary>
internal static class UserEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        routes.MapGet("/v1/users/{userId}/recommendations", context => GetAsync(context, answers))
            .Describe<RecommendationResponse>("Recommendations for a user", Parameter.Recommendations)
            .WithDescription(ItemEndpoints.AvailableItems);
        routes.MapPost("/v1/recommendations", context => PostAsync(context, answers))
            .DescribeBody<RecommendationRequest>().Describe<RecommendationResponse>("Recommendations with everything a request can ask")
            .WithDescription(ItemEndpoints.AvailableItems);
        routes.MapPost("/v1/rank", context => RankAsync(context, answers))
            .DescribeBody<RankRequest>().Describe<RecommendationResponse>(
                "Scores and orders given items, each once. Last, in the order given and with score 0, come items that are not available "
                    + "(available: false) or not in the catalogue (known: false)");
        routes.MapGet("/v1/users/{userId}/history", context => HistoryAsync(context, answers))
            .Describe<UserHistoryResponse>("What is known of a user, newest first", Parameter.User)
            .WithDescription(
                "One entry per item, with the `weight` (confidence, above 0) and `target` (1 liked, 0 not liked) that the user's events "
                    + "on it " +
                "come to by the rules of `POST /v1/events`. Items of which the events say nothing, such as a cancelled purchase, are left "
                + "out.");
        routes.MapGet("/v1/users/{userId}/similar", context => SimilarAsync(context, answers))
            .Describe<SimilarUsersResponse>(
                "Users with similar taste: the nearest factors by cosine. 503 with Retry-After while the index of users is built, 501 "
                    + "where it is switched off", Parameter.User, Parameter.Count);
    }

    private static Task GetAsync(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        string userId = Answers.PathId(context, "userId");
        ValueTask<PooledValue> read;
        try
        {
            read = answers.StartReading(UserRef.User(userId));
        }
        catch (FactorStoreUnavailableException e)
        {
            answers.MarkStoreUnavailable(e);
            read = default;
        }

        return read.IsCompletedSuccessfully
            ? Respond(context, answers, userId, read.Result, started)
            : WaitAsync(context, answers, userId, read, started);
    }

    private static async Task WaitAsync(HttpContext context, Answers answers, string userId, ValueTask<PooledValue> read, long started)
    {
        PooledValue value = default;
        try
        {
            value = await read;
        }
        catch (FactorStoreUnavailableException e)
        {
            answers.MarkStoreUnavailable(e);
        }

        await Respond(context, answers, userId, value, started);
    }

    private static Task Respond(HttpContext context, Answers answers, string userId, PooledValue value, long started)
    {
        bool isHandedOn = false;
        try
        {
            var query = Query.Begin();
            answers.Reader.Read(context.Request.QueryString.Value, forUser: true, query);
            query.UserId = userId;
            if (query.SessionId is { } sessionId && !Engine.Knows(answers.Serving.State, value.Span))
            {
                isHandedOn = true;
                return WithSessionAsync(context, answers, sessionId, userId, value, started);
            }

            Compute(context, answers, query, value.Span, default, started);
        }
        finally
        {
            if (!isHandedOn) value.Dispose();
        }

        return Task.CompletedTask;
    }

    /// <param name="value">The user's; disposed here.</param>
    private static async Task WithSessionAsync(HttpContext context, Answers answers, string sessionId, string userId, PooledValue value,
        long started)
    {
        using var user = value;
        using var session = await answers.ReadAsync(UserRef.Session(sessionId));
        var query = Query.Begin();
        answers.Reader.Read(context.Request.QueryString.Value, forUser: true, query);
        query.UserId = userId;
        Compute(context, answers, query, user.Span, session.Span, started);
    }

    private static async Task PostAsync(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        var request = await context.ReadJsonAsync(ContractsJson.Default.RecommendationRequest);
        answers.Reader.Read(request, Query.Begin());
        using var user = request.UserId is { } userId ? await answers.ReadAsync(UserRef.User(userId)) : default;
        using var session = request.SessionId is { } sessionId && !Engine.Knows(answers.Serving.State, user.Span)
            ? await answers.ReadAsync(UserRef.Session(sessionId)) : default;
        var query = Query.Begin();
        answers.Reader.Read(request, query);
        Compute(context, answers, query, user.Span, session.Span, started);
    }

    private static void Compute(HttpContext context, Answers answers, Query query, ReadOnlySpan<byte> user, ReadOnlySpan<byte> session,
        long started)
    {
        var state = answers.Serving.State;
        answers.Engine.Answer(state, query, user, session);
        AnswerWriter.Write(state, query, answers.Serving.CountAnswer());
        answers.Send(context, query, started);
    }

    private static async Task RankAsync(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        var request = await context.ReadJsonAsync(ContractsJson.Default.RankRequest);
        if (request.UserId is { } userId && Limits.IdError(userId) is { } userError) throw QueryReader.Wrong("userId", userError);
        if (request.SessionId is { } sessionId && Limits.IdError(sessionId) is { } sessionError)
            throw QueryReader.Wrong("sessionId", sessionError);
        answers.Reader.CheckHistory(request.History);
        QueryReader.Explain(Query.Begin(), request.Explain, request.Reasons);
        if (request.ItemIds is not { } itemIds) throw QueryReader.Wrong("itemIds", "is required");
        if (itemIds.Count > Limits.RankItems) throw QueryReader.Wrong(
            "itemIds", $"has {itemIds.Count} entries; at most {Limits.RankItems} are allowed");
        for (int i = 0; i < itemIds.Count; i++)
            if (Limits.IdError(itemIds[i]) is { } error) throw QueryReader.Wrong($"itemIds[{i}]", error);

        using var user = request.UserId is { } id ? await answers.ReadAsync(UserRef.User(id)) : default;
        using var session = request.SessionId is { } sid && !Engine.Knows(answers.Serving.State, user.Span)
            ? await answers.ReadAsync(UserRef.Session(sid)) : default;
        var state = answers.Serving.State;
        var query = Query.Begin();
        query.GivenHistory = request.History;
        QueryReader.Explain(query, request.Explain, request.Reasons);
        answers.Engine.AnswerRank(state, query, user.Span, session.Span, itemIds);
        AnswerWriter.Write(state, query, answers.Serving.CountAnswer());
        answers.Send(context, query, started);
    }

    private static async Task HistoryAsync(HttpContext context, Answers answers)
    {
        string userId = Answers.PathId(context, "userId");
        using var value = await answers.ReadAsync(UserRef.User(userId));
        if (value.IsNull && answers.Serving.FactorStoreProblem is { } problem)
            throw new ProblemException(Problem.Unavailable("The user's history cannot be read: " + problem));
        var response = new UserHistoryResponse { UserId = userId, Items = Items(answers.Serving.State, value.Span) };
        await TypedResults.Json(response, ContractsJson.Default.UserHistoryResponse).ExecuteAsync(context);
    }

    private static List<HistoryItem> Items(ServingState state, ReadOnlySpan<byte> value)
    {
        var items = new List<HistoryItem>();
        if (!UserStateView.TryRead(value, out var view)) return items;
        foreach (ref readonly var record in view.History)
        {
            if (state.Catalogue[state.Catalogue.PositionOfKey(record.ItemKey)] is not { } item) continue;
            items.Add(new HistoryItem
            {
                ItemId = item.Id,
                Title = item.Record.Item?.Title,
                Categories = item.Record.Item?.Categories ?? [],
                LastAt = DateTimeOffset.FromUnixTimeSeconds(record.LastAtSeconds),
                Weight = record.Weight,
                Target = record.Target,
            });
        }

        return items;
    }

    private static async Task SimilarAsync(HttpContext context, Answers answers)
    {
        string userId = Answers.PathId(context, "userId");
        int count = Parameters.Count(context, 20);
        using var value = await answers.ReadAsync(UserRef.User(userId));
        var response = await answers.SimilarUsers.FindAsync(userId, value, count, context.RequestAborted);
        await TypedResults.Json(response, ContractsJson.Default.SimilarUsersResponse).ExecuteAsync(context);
    }
}
