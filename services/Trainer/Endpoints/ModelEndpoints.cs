using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;
using Recommender.Trainer.Control;

namespace Recommender.Trainer.Endpoints;

/// <summary>Models: <c>/v1/models</c>.</summary>
internal static class ModelEndpoints
{
    private const int Listed = 100;

    public static void Map(WebApplication app)
    {
        app.MapOperation(ModelOperations.ListModels, ListAsync);
        app.MapOperation(ModelOperations.GetModel, GetAsync);
        app.MapOperation(ModelOperations.TrainModel, TrainAsync);
        app.MapOperation(ModelOperations.ReleaseModel, ReleaseAsync);
    }

    private static async Task<Ok<ModelsResponse>> ListAsync(IStore store, CancellationToken cancellationToken)
    {
        var models = await store.ListModelsAsync(Listed, cancellationToken);
        return TypedResults.Ok(new ModelsResponse { Models = [.. models.Select(model => model with { Search = null })] });
    }

    private static async Task<Results<Ok<ModelInfo>, Problem>> GetAsync(long version, IStore store, CancellationToken cancellationToken) =>
        await store.GetModelAsync(version, cancellationToken) is { } info ? TypedResults.Ok(info) : NoModel(version);

    private static async Task<Accepted<TrainingAccepted>> TrainAsync(ControlClient control, CancellationToken cancellationToken)
    {
        string detail = await control.RequestTrainingAsync(cancellationToken)
            ? "Training starts now; GET /v1/status shows how far it is, GET /v1/models the result."
            : "A training is running; another one starts when it ends.";
        return TypedResults.Accepted("/v1/models", new TrainingAccepted { Detail = detail });
    }

    private static async Task<Results<Ok<ModelInfo>, Problem>> ReleaseAsync(long version, IStore store, ControlClient control,
        CancellationToken cancellationToken)
    {
        if (await store.GetModelAsync(version, cancellationToken) is null) return NoModel(version);
        if (await control.ReleaseAsync(version, cancellationToken)
            && await store.GetModelAsync(version, cancellationToken) is { } released) return TypedResults.Ok(released);
        return Problem.Conflict($"The factors of model {version} have been dropped to save space (Trainer:KeepModels). Train a new model "
            + $"instead.");
    }

    private static Problem NoModel(long version) => Problem.NotFound($"There is no model {version}. GET /v1/models lists them.");
}
