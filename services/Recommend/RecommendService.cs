using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.ControlPlane;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Endpoints;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Settings;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend;

/// <summary>The serving part of the product: HTTP out. Registered by its own process, or beside the others in one.</summary>
public static class RecommendService
{
    /// <summary>
    /// Registers everything Recommend needs besides the service defaults: options (sections <c>Recommend</c>, <c>Placements</c>,
    /// and <c>EventTypes</c> for the time until a model is released), the factor store of <c>ConnectionStrings:redis</c> unless one is
    /// registered, and the refresher.
    /// </summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddRecommend(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddSettings<RecommendOptions>(RecommendOptions.Section);
        services.AddSingleton(new Placements(builder.Configuration));
        builder.AddEventTypes();
        services.TryAddSingleton(TimeProvider.System);
        builder.AddFactorStore();
        services.AddSingleton<Recommender.Recommend.Serving.ServingIndexes>();
        services.AddSingleton<RecommendMetrics>();
        services.AddSingleton<Rotation>();
        services.AddSingleton<HideRules>();
        services.AddWorker<UserIndexer>("similarUsers");
        services.AddSingleton<SimilarUsers>();
        services.AddSingleton<Engine>();
        services.AddSingleton<QueryReader>();
        services.AddSingleton<Answers>();
        services.AddWorker<Refresher>("refresh");
        services.AddHealthChecks().AddCheck<ServingHealth>("serving");

        // Notices only save time: the refresher polls as well.
        services.AddNoticeHandler<ModelReleased>((provider, _, _) => RequestRefresh(provider));
        services.AddNoticeHandler<CatalogueChanged>((provider, _, _) => RequestRefresh(provider));
        services.AddNoticeHandler<UserErased>((provider, notice, cancellationToken) =>
        {
            provider.GetRequiredService<SimilarUsers>().Forget(notice.UserId);
            provider.GetRequiredService<Rotation>().Forget(UserRef.User(notice.UserId));
            return provider.GetRequiredService<INotices>()
                .PublishAsync(new UserForgotten { ErasureId = notice.ErasureId }, cancellationToken);
        });
        return builder;
    }

    /// <summary>Maps the endpoints. Call it after the service defaults.</summary>
    public static IEndpointRouteBuilder MapRecommend(this IEndpointRouteBuilder routes)
    {
        var answers = routes.ServiceProvider.GetRequiredService<Answers>();
        UserEndpoints.Map(routes, answers);
        ItemEndpoints.Map(routes, answers);
        BatchEndpoint.Map(routes, answers);
        ServingEndpoint.Map(routes, answers.Serving, answers.SimilarUsers);
        return routes;
    }

    private static Task RequestRefresh(IServiceProvider provider)
    {
        provider.GetRequiredService<Refresher>().RequestRefresh();
        return Task.CompletedTask;
    }

    /// <summary>Not ready before the catalogue was read once; degraded while answers come from memory alone.</summary>
    private sealed class ServingHealth(Recommender.Recommend.Serving.ServingIndexes serving) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(serving switch
            {
                { IsLoaded: false } =>
                    HealthCheckResult.Unhealthy($"The catalogue has not been read yet; the factor store: "
                    + $"{serving.FactorStoreProblem ?? "ok"}"),
                { FactorStoreProblem: { } problem } => HealthCheckResult.Degraded("Answers come from memory; the factor store: " + problem),
                { ModelProblem: { } problem } => HealthCheckResult.Degraded("A released model could not be loaded: " + problem),
                _ => HealthCheckResult.Healthy(),
            });
    }
}
