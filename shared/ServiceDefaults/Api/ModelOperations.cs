using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on models.</summary>
public static class ModelOperations
{
    private const string ModelText = """
        { "version": 12, "state": "released", "trainedAt": "2026-01-01T00:00:00+00:00", "releasedAt": "2026-01-01T00:00:05+00:00",
          "trainSeconds": 4.2, "learner": "ials", "rank": 64, "users": 4338, "items": 3665, "interactions": 266792, "watermark": 397884,
          "settings": { "learner": "ials", "rank": 64 },
          "metrics": { "split": "temporal", "users": 500, "results": { "model": {
            "recallAt20": { "mean": 0.21, "low": 0.2, "high": 0.22 }, "ndcgAt20": { "mean": 0.12, "low": 0.11, "high": 0.13 },
            "more": { "coverageAt20": 0.6 }, "bands": [] } } } }
        """;

    private static OperationParameter Version => new("version", ParameterKind.WholeNumber, "Version of the model.")
    {
        Place = ParameterPlace.Path,
        Example = "12",
    };

    public static Operation ListModels { get; } = new()
    {
        Id = "ListModels",
        Method = "GET",
        Pattern = "/v1/models",
        Service = Operations.Trainer,
        Scope = Scopes.Admin,
        Tag = Operations.ModelsTag,
        Summary = "List models",
        Description = "The newest 100 models, without `search`.",
        Answers = [OperationAnswer.Of<ModelsResponse>(200, "The models, newest first.", $$"""{ "models": [{{ModelText}}] }""")],
    };

    public static Operation GetModel { get; } = ListModels with
    {
        Id = "GetModel",
        Pattern = "/v1/models/{version:long}",
        Summary = "Get a model",
        Description = "Settings, metrics with 95 % confidence intervals next to those of the baselines, watermark and state, and the "
            + "search for settings if there was one.",
        Parameters = [Version],
        Answers = [OperationAnswer.Of<ModelInfo>(200, "The model.", ModelText)],
        Problems = [404],
    };

    public static Operation TrainModel { get; } = ListModels with
    {
        Id = "TrainModel",
        Method = "POST",
        Summary = "Train a model",
        Description = "Requests a training. `GET /v1/status` shows its progress, `GET /v1/models` its result. A model that passes the gate "
            + "is released automatically.",
        Answers =
        [
            OperationAnswer.Of<TrainingAccepted>(202, "The training starts, or follows the one that is running.",
                """{ "detail": "Training starts now; GET /v1/status shows how far it is, GET /v1/models the result." }""") with
            {
                Headers = new Dictionary<string, string> { ["Location"] = "Path of the list of models." },
            },
        ],
    };

    public static Operation ReleaseModel { get; } = GetModel with
    {
        Id = "ReleaseModel",
        Method = "POST",
        Pattern = "/v1/models/{version:long}/release",
        Summary = "Release a model",
        Description = "Puts the model into service, also one that the gate rejected. Releasing an older version is the rollback.",
        Problems = [404, 409],
    };
}
