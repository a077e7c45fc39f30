using System.Diagnostics;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Candidates;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Recommend.Endpoints;

/// <summary>Operations on one user: recommendations, ranking, history, similar users.</summary>
internal static class UserEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Answers answers)
    {
        routes.MapOperation(RecommendationOperations.GetRecommendations,
            context => GetAsync(context, answers, RequestForm.Recommendations, Recipes.Recommendations));
        routes.MapOperation(RecommendationOperations.GetItemsToBuyAgain,
            context => GetAsync(context, answers, RequestForm.UserList, Sources.Again));
        routes.MapOperation(RecommendationOperations.GetRecentItems,
            context => GetAsync(context, answers, RequestForm.UserList, Sources.Recent));
        routes.MapOperation(RecommendationOperations.PostRecommendations, context => PostAsync(context, answers));
        routes.MapOperation(RecommendationOperations.RankItems, context => RankAsync(context, answers));
        routes.MapOperation(RecommendationOperations.GetUserHistory, context => HistoryAsync(context, answers));
        routes.MapOperation(RecommendationOperations.GetSimilarUsers, context => SimilarAsync(context, answers));
    }

    private static Task GetAsync(HttpContext context, Answers answers, RequestForm form, string recipe)
    {
        long started = Stopwatch.GetTimestamp();
        string userId = Answers.PathId(context, "userId");
        var request = answers.Reader.Read(context.Request.QueryString.Value, form, recipe);
        ValueTask<PooledValue> read;
        try
        {
            read = answers.Users.StartReading(UserRef.User(userId));
        }
        catch (FactorStoreUnavailableException e)
        {
            answers.Users.MarkStoreUnavailable(e);
            read = default;
        }

        return read.IsCompletedSuccessfully
            ? RespondAsync(context, answers, request, userId, read.Result, started)
            : WaitAsync(context, answers, request, userId, read, started);
    }

    private static async Task WaitAsync(HttpContext context, Answers answers, Request request, string userId, ValueTask<PooledValue> read,
        long started)
    {
        PooledValue user;
        try
        {
            user = await read;
        }
        catch (FactorStoreUnavailableException e)
        {
            answers.Users.MarkStoreUnavailable(e);
            user = default;
        }

        await RespondAsync(context, answers, request, userId, user, started);
    }

    /// <param name="user">The user's value; disposed here.</param>
    private static Task RespondAsync(HttpContext context, Answers answers, Request request, string userId, PooledValue user, long started)
    {
        if (answers.Users.NeedsSession(request, user)) return RespondWithSessionAsync(context, answers, request, userId, user, started);
        using (user) answers.SendRecommendations(context, request, SubjectOf(UserRef.User(userId), user, default), started);
        return Task.CompletedTask;
    }

    /// <param name="value">The user's value; disposed here.</param>
    private static async Task RespondWithSessionAsync(HttpContext context, Answers answers, Request request, string userId,
        PooledValue value, long started)
    {
        using var user = value;
        using var session = await answers.Users.ReadAsync(UserRef.Session(request.SessionId!));
        answers.SendRecommendations(context, request, SubjectOf(UserRef.User(userId), user, session), started);
    }

    private static async Task PostAsync(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        var request = answers.Reader.Read(await context.ReadJsonAsync(ContractsJson.Default.RecommendationRequest));
        using var user = await answers.Users.ReadUserAsync(request);
        using var session = await answers.Users.ReadSessionAsync(request, user);
        answers.SendRecommendations(context, request, SubjectOf(ReferenceOf(request), user, session), started);
    }

    private static async Task RankAsync(HttpContext context, Answers answers)
    {
        long started = Stopwatch.GetTimestamp();
        var request = answers.Reader.Read(await context.ReadJsonAsync(ContractsJson.Default.RankRequest));
        using var user = await answers.Users.ReadUserAsync(request);
        using var session = await answers.Users.ReadSessionAsync(request, user);
        answers.SendRank(context, request, SubjectOf(ReferenceOf(request), user, session), started);
    }

    internal static UserRef? ReferenceOf(Request request) => request switch
    {
        { UserId: { } userId } => UserRef.User(userId),
        { SessionId: { } sessionId } => UserRef.Session(sessionId),
        _ => null,
    };

    internal static Subject SubjectOf(UserRef? reference, in PooledValue user, in PooledValue session) =>
        new() { Reference = reference, User = user.Span, Session = session.Span };

    private static async Task HistoryAsync(HttpContext context, Answers answers)
    {
        string userId = Answers.PathId(context, "userId");
        using var value = await answers.Users.ReadAsync(UserRef.User(userId));
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

    private static Problem SwitchedOff => new()
    {
        Type = Problem.TypeOf("switched-off"),
        Title = "Switched off",
        Status = 501,
        Detail = $"Similar users are switched off: setting {RecommendOptions.Section}:{nameof(RecommendOptions.SimilarUsersLimit)} is 0.",
    };

    private static async Task SimilarAsync(HttpContext context, Answers answers)
    {
        string userId = Answers.PathId(context, "userId");
        int count = Parameters.Count(context, 20);
        if (!answers.SimilarUsers.IsOffered) throw new ProblemException(SwitchedOff);
        using var value = await answers.Users.ReadAsync(UserRef.User(userId));
        var response = await answers.SimilarUsers.FindAsync(userId, value, count, context.RequestAborted);
        await TypedResults.Json(response, ContractsJson.Default.SimilarUsersResponse).ExecuteAsync(context);
    }
}
