using Recommender.Contracts;
using Recommender.Ingest.Accepting;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;

namespace Recommender.Ingest.Endpoints;

/// <summary>Users: properties, merge of a session, export and erasure.</summary>
internal static class UserEndpoints
{
    // An erasure that waits in the queue is not in the store yet; its id says when it was asked for. Older ids without a record never
    // existed.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(7);

    public static void Map(WebApplication app)
    {
        var users = app.MapGroup("/v1/users/{userId}");
        users.MapPut("", PutAsync).RequireScope(Scopes.Ingest).WithName("PutUser").WithSummary("Sets a user's properties.")
            .Accepts<UserProfile>("application/json").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        users.MapPost("/merge", MergeAsync).RequireScope(Scopes.Ingest).WithName("MergeSession")
            .WithSummary("Moves the events of a session to the user.")
            .Accepts<MergeRequest>("application/json").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        // Personal data as a whole, and its end, are for operators.
        users.MapGet("/export", (HttpContext context, IStore store) =>
            ExportAsync(context.GetPathId("userId"), store, context.RequestAborted)).RequireScope(Scopes.Admin).WithName("ExportUser")
            .WithSummary("Everything held on the user.")
            .Produces<UserExport>().ProducesProblem(StatusCodes.Status404NotFound);
        users.MapDelete("", (HttpContext context, GroupPublishers publishers, TimeProvider clock) =>
            EraseAsync(context.GetPathId("userId"), context, publishers, clock)).RequireScope(Scopes.Admin).WithName("EraseUser")
            .WithSummary("Erases the user everywhere.")
            .Produces<ErasureResponse>(StatusCodes.Status202Accepted);
        app.MapGet("/v1/users/export", (HttpContext context, IStore store) =>
            ExportAsync(context.GetQueryId("userId"), store, context.RequestAborted))
            .RequireScope(Scopes.Admin).WithName("ExportUserByQuery").WithQueryId("userId")
                .WithSummary(
                    "Everything held on the user of the query parameter userId. For the ids '.' and '..', which earlier versions accepted "
                        + "and no path can carry.")
            .Produces<UserExport>().ProducesProblem(StatusCodes.Status404NotFound);
        app.MapDelete("/v1/users", (HttpContext context, GroupPublishers publishers, TimeProvider clock) =>
            EraseAsync(context.GetQueryId("userId"), context, publishers, clock))
            .RequireScope(Scopes.Admin).WithName("EraseUserByQuery").WithQueryId("userId")
                .WithSummary(
                    "Erases the user of the query parameter userId everywhere. For the ids '.' and '..', which earlier versions accepted "
                        + "and no path can carry.")
            .Produces<ErasureResponse>(StatusCodes.Status202Accepted);
        app.MapGet("/v1/erasures/{erasureId}", GetErasureAsync).RequireScope(Scopes.Admin).WithName("GetErasure")
            .WithSummary("State and time of each stage of an erasure.")
            .Produces<ErasureResponse>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> PutAsync(HttpContext context, GroupPublishers publishers, TimeProvider clock)
    {
        string userId = context.GetPathId("userId");
        var profile = await context.ReadJsonAsync(ContractsJson.Default.UserProfile);
        ItemEndpoints.ThrowIfInvalid(profile.Validate());
        return await ItemEndpoints.SendAsync(publishers,
            new Command { Kind = CommandKind.PutUser, AcceptedAt = clock.GetUtcNow(), UserId = userId, Profile = profile });
    }

    private static async Task<IResult> MergeAsync(HttpContext context, GroupPublishers publishers, TimeProvider clock)
    {
        string userId = context.GetPathId("userId");
        var request = await context.ReadJsonAsync(ContractsJson.Default.MergeRequest);
        if (Limits.StoredIdError(request.SessionId) is { } error) throw new ProblemException(Problem.InvalidField("sessionId", error));
        return await ItemEndpoints.SendAsync(publishers,
            new Command
            {
                Kind = CommandKind.MergeSession,
                AcceptedAt = clock.GetUtcNow(),
                UserId = userId,
                SessionId = request.SessionId
            });
    }

    private static async Task<IResult> ExportAsync(string userId, IStore store, CancellationToken cancellationToken) =>
        await store.ExportUserAsync(userId, cancellationToken) is { } export
            ? Results.Json(export, ContractsJson.Default.UserExport)
            : Problem.NotFound("Nothing is held on this user.");

    private static async Task<IResult> EraseAsync(string userId, HttpContext context, GroupPublishers publishers, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        string erasureId = Guid.CreateVersion7(now).ToString("N");
        await ItemEndpoints.PublishAsync(publishers,
            new Command { Kind = CommandKind.EraseUser, AcceptedAt = now, UserId = userId, ErasureId = erasureId });
        context.Response.Headers.Location = $"/v1/erasures/{erasureId}";
        return Results.Json(Pending(erasureId, now), ContractsJson.Default.ErasureResponse, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> GetErasureAsync(HttpContext context, IStore store, TimeProvider clock)
    {
        string erasureId = context.GetPathId("erasureId");
        if (await store.GetErasureAsync(erasureId, context.RequestAborted) is { } erasure)
            return Results.Json(erasure, ContractsJson.Default.ErasureResponse);
        return RequestedAt(erasureId) is { } at && clock.GetUtcNow() - at < s_longestWait && at <= clock.GetUtcNow() + Limits.ClockSkew
            ? Results.Json(Pending(erasureId, at), ContractsJson.Default.ErasureResponse)
            : Problem.NotFound("There is no such erasure.");
    }

    private static ErasureResponse Pending(string erasureId, DateTimeOffset at) => new()
    {
        ErasureId = erasureId,
        State = "pending",
        Stages = new Dictionary<string, DateTimeOffset> { ["requested"] = at },
    };

    /// <summary>The milliseconds since 1970 in the first 48 bits of a version 7 UUID (RFC 9562); null for anything else, and for times
    /// after the year 9999, which 48 bits can hold.</summary>
    private static DateTimeOffset? RequestedAt(string erasureId)
    {
        if (!Guid.TryParseExact(erasureId, "N", out var id) || id.Version != 7) return null;
        long milliseconds = Convert.ToInt64(erasureId[..12], 16);
        return milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
    }
}
