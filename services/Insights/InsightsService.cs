using Microsoft.Extensions.DependencyInjection.Extensions;
using Recommender.Insights.Attribution;
using Recommender.Insights.Endpoints;
using Recommender.Insights.Recording;
using Recommender.Messaging.Embedded;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Settings;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;

namespace Recommender.Insights;

/// <summary>Composition of Insights, for its own process and for Standalone.</summary>
public static class InsightsService
{
    /// <summary>Registers all parts of Insights. Connection strings select store and streams.</summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddInsights(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddSettings<InsightsOptions>(InsightsOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        builder.AddEventTypes();
        builder.AddStore();
        builder.AddMessagingOrEmbedded();
        services.AddHostedService<AnswerWorker>();
        services.AddSingleton<OutcomeFinder>();
        services.AddWorker<AttributionWorker>("attribution");
        services.AddWorker<AnswerRetention>("answerRetention");
        services.Configure<ProblemOptions>(problems =>
            problems.Map<StoreUnavailableException>(_ => Problem.Unavailable("The database cannot be reached.")));
        return builder;
    }

    /// <summary>Maps the endpoints. Call it after the service defaults.</summary>
    public static WebApplication MapInsights(this WebApplication app)
    {
        ServedEndpoints.Map(app);
        FigureEndpoints.Map(app);
        return app;
    }
}
