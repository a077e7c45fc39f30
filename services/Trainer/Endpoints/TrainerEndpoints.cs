namespace Recommender.Trainer.Endpoints;

/// <summary>Endpoints for operators.</summary>
internal static class TrainerEndpoints
{
    public static void Map(WebApplication app)
    {
        ModelEndpoints.Map(app);
        StatusEndpoints.Map(app);
        DeadLetterEndpoints.Map(app);
        UserListEndpoints.Map(app);
    }
}
