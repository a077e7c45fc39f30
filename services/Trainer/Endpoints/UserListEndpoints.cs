using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;

namespace Recommender.Trainer.Endpoints;

/// <summary><c>GET /v1/users</c>.</summary>
internal static class UserListEndpoints
{
    private const int DefaultLimit = 50;

    public static void Map(WebApplication app) => app.MapOperation(UserOperations.ListUsers, ListAsync);

    private static async Task<Results<Ok<UserListResponse>, Problem>> ListAsync(IStore store, string? prefix, int? limit,
        CancellationToken cancellationToken)
    {
        if (ListLimit.ErrorOf(limit) is { } limitError) return limitError;
        if (prefix is { Length: > 0 } && Limits.NameError(prefix, Limits.IdBytes) is { } error)
            return Problem.InvalidField("prefix", error);
        var users = await store.ListUsersAsync(prefix ?? "", limit ?? DefaultLimit, cancellationToken);
        return TypedResults.Ok(new UserListResponse { Users = users });
    }
}
