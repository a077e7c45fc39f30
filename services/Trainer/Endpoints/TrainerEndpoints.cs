using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;
using Recommender.Trainer.Control;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Endpoints;

/// <summary>What operators ask and order: models, status, dead letters, users. Scope <c>admin</c>.</summary>
internal static class TrainerEndpoints
{
    public static void Map(WebApplication app)
    {
        var admin = app.MapGroup("/v1").RequireScope("admin");

        admin.MapGet("/models", async (IStore store, CancellationToken cancellationToken) =>
            TypedResults.Ok(new ModelsResponse
            {
                Models =
            [.. (await store.ListModelsAsync(100, cancellationToken)).Select(m => m with { Search = null })]
            }));

        admin.MapGet("/models/{version:long}", async (long version, IStore store, CancellationToken cancellationToken) =>
            await store.GetModelAsync(version, cancellationToken) is { } info ? Results.Ok(info) : NoModel(version));

        admin.MapPost("/models", async (ControlClient control, CancellationToken cancellationToken) =>
        {
            string detail = await control.RequestTrainingAsync(cancellationToken)
                ? "Training starts now; GET /v1/status shows how far it is, GET /v1/models the result."
                : "A training is running; another one starts when it ends.";
            return TypedResults.Accepted("/v1/models", new TrainingAccepted { Detail = detail });
        });

        admin.MapPost("/models/{version:long}/release",
            async (long version, IStore store, ControlClient control, CancellationToken cancellationToken) =>
        {
            if (await store.GetModelAsync(version, cancellationToken) is null) return NoModel(version);
            return await control.ReleaseAsync(version, cancellationToken)
                ? Results.Ok(await store.GetModelAsync(version, cancellationToken))
                : Problem.Conflict($"The factors of model {version} have been dropped to save space (Trainer:KeepModels). Train a new "
                    + $"model instead.");
        });

        admin.MapGet("/status", (StatusReader status, CancellationToken cancellationToken) => status.ReadAsync(cancellationToken));

        admin.MapGet("/deadletters", async (IStreamAdministration streams, int? limit, CancellationToken cancellationToken) =>
            limit is < 1 or > 1000
                ? Problem.InvalidField("limit", "must be between 1 and 1000")
                : Results.Ok(await streams.ListDeadLettersAsync(limit ?? 100, cancellationToken)));

        admin.MapPost("/deadletters/replay", async (IStreamAdministration streams, CancellationToken cancellationToken) =>
            TypedResults.Ok(new ReplayResponse(await streams.ReplayDeadLettersAsync(cancellationToken))));

        admin.MapGet("/users", async (IStore store, string? prefix, int? limit, CancellationToken cancellationToken) =>
        {
            if (limit is < 1 or > 1000) return Problem.InvalidField("limit", "must be between 1 and 1000");
            if (prefix is { Length: > 0 } && Limits.NameError(prefix, Limits.IdBytes) is { } error)
                return Problem.InvalidField("prefix", error);
            return Results.Ok(new UserListResponse { Users = await store.ListUsersAsync(prefix ?? "", limit ?? 50, cancellationToken) });
        });
    }

    private static Problem NoModel(long version) =>
        Problem.NotFound($"There is no model {version}. GET /v1/models lists them.");
}
