using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Endpoints;

/// <summary><c>GET /v1/status</c>.</summary>
internal static class StatusEndpoints
{
    public static void Map(WebApplication app) => app.MapOperation(StatusOperations.GetStatus, GetAsync);

    private static async Task<Ok<StatusResponse>> GetAsync(StatusReader status, CancellationToken cancellationToken) =>
        TypedResults.Ok(await status.ReadAsync(cancellationToken));
}
