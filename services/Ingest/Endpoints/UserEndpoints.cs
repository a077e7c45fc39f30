using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Reading;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;

namespace Recommender.Ingest.Endpoints;

/// <summary>Users: properties, merge of a session, export and erasure.</summary>
internal static class UserEndpoints
{
    // A queued erasure is not in the store yet; its id includes the time of the request. Older ids without a record never existed.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(7);

    public static void Map(WebApplication app)
    {
        app.MapOperation(UserOperations.PutUser, PutAsync);
        app.MapOperation(UserOperations.MergeSession, MergeAsync);
        app.MapOperation(UserOperations.ExportUser, (HttpContext context, IStore store) =>
            ExportAsync(context.GetPathId("userId"), store, context.RequestAborted));
        app.MapOperation(UserOperations.ExportUserByQuery, (HttpContext context, IStore store) =>
            ExportAsync(context.GetQueryId("userId"), store, context.RequestAborted));
        app.MapOperation(UserOperations.EraseUser, (HttpContext context, GroupPublishers publishers, TimeProvider clock) =>
            EraseAsync(context.GetPathId("userId"), context, publishers, clock));
        app.MapOperation(UserOperations.EraseUserByQuery, (HttpContext context, GroupPublishers publishers, TimeProvider clock) =>
            EraseAsync(context.GetQueryId("userId"), context, publishers, clock));
        app.MapOperation(UserOperations.GetErasure, GetErasureAsync);
    }

    private static async Task<JsonHttpResult<AcceptedResponse>> PutAsync(HttpContext context, GroupPublishers publishers,
        TimeProvider clock)
    {
        string userId = context.GetPathId("userId");
        var profile = await context.ReadJsonAsync(ContractsJson.Default.UserProfile);
        RequestChecks.ThrowIfInvalid(profile.Validate());
        return await publishers.SendAsync(
            new Command { Kind = CommandKind.PutUser, AcceptedAt = clock.GetUtcNow(), UserId = userId, Profile = profile });
    }

    private static async Task<JsonHttpResult<AcceptedResponse>> MergeAsync(HttpContext context, GroupPublishers publishers,
        TimeProvider clock)
    {
        string userId = context.GetPathId("userId");
        var request = await context.ReadJsonAsync(ContractsJson.Default.MergeRequest);
        if (Limits.StoredIdError(request.SessionId) is { } error) throw new ProblemException(Problem.InvalidField("sessionId", error));
        return await publishers.SendAsync(
            new Command
            {
                Kind = CommandKind.MergeSession,
                AcceptedAt = clock.GetUtcNow(),
                UserId = userId,
                SessionId = request.SessionId
            });
    }

    private static async Task<Results<JsonHttpResult<UserExport>, Problem>> ExportAsync(string userId, IStore store,
        CancellationToken cancellationToken) =>
        await store.ExportUserAsync(userId, cancellationToken) is { } export
            ? TypedResults.Json(export, ContractsJson.Default.UserExport)
            : Problem.NotFound("No data is held on this user.");

    private static async Task<JsonHttpResult<ErasureResponse>> EraseAsync(string userId, HttpContext context, GroupPublishers publishers,
        TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        string erasureId = Guid.CreateVersion7(now).ToString("N");
        await publishers.PublishAsync(
            new Command { Kind = CommandKind.EraseUser, AcceptedAt = now, UserId = userId, ErasureId = erasureId });
        context.Response.Headers.Location = $"/v1/erasures/{erasureId}";
        return TypedResults.Json(Pending(erasureId, now), ContractsJson.Default.ErasureResponse, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<Results<JsonHttpResult<ErasureResponse>, Problem>> GetErasureAsync(HttpContext context, IStore store,
        TimeProvider clock)
    {
        string erasureId = context.GetPathId("erasureId");
        if (await store.GetErasureAsync(erasureId, context.RequestAborted) is { } erasure)
            return TypedResults.Json(erasure, ContractsJson.Default.ErasureResponse);
        return RequestedAt(erasureId) is { } at && clock.GetUtcNow() - at < s_longestWait && at <= clock.GetUtcNow() + Limits.ClockSkew
            ? TypedResults.Json(Pending(erasureId, at), ContractsJson.Default.ErasureResponse)
            : Problem.NotFound("There is no such erasure.");
    }

    private static ErasureResponse Pending(string erasureId, DateTimeOffset at) => new()
    {
        ErasureId = erasureId,
        State = "pending",
        Stages = new Dictionary<string, DateTimeOffset> { ["requested"] = at },
    };

    /// <summary>
    /// The time in the first 48 bits of a version 7 UUID (RFC 9562), in milliseconds since 1970; null for any other text, and for times
    /// after the year 9999.
    /// </summary>
    private static DateTimeOffset? RequestedAt(string erasureId)
    {
        if (!Guid.TryParseExact(erasureId, "N", out var id) || id.Version != 7) return null;
        long milliseconds = Convert.ToInt64(erasureId[..12], 16);
        return milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
    }
}
