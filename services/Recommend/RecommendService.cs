using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.Contracts;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.Messaging;
using Recommender.Messaging.ControlPlane;
using Recommender.Recommend.Answering;
using Recommender.Recommend.Endpoints;
using Recommender.Recommend.Recording;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Settings;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend;

/// <summary>Composition of Recommend: used by its own process and by Standalone.</summary>
public static class RecommendService
{
    /// <summary>
    /// Registers everything Recommend does: options (sections <c>Recommend</c>, <c>Placements</c>, and <c>EventTypes</c> for the time until
    /// a
    /// model is released), messaging, the factor store of <c>ConnectionStrings:redis</c> unless one is registered, and the refresher.
    /// </summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddRecommend(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddSettings<RecommendOptions>(RecommendOptions.Section);
        builder.AddSettings<TextEncoderOptions>(TextEncoderOptions.Section);
        services.AddSingleton<QueryEncoder>();
        services.AddSingleton(new Placements(builder.Configuration));
        builder.AddEventTypes();
        services.TryAddSingleton(TimeProvider.System);
        builder.AddMessaging();
        builder.AddFactorStore();
        services.AddSingleton<Recommender.Recommend.Serving.ServingIndexes>();
        services.AddSingleton<RecommendMetrics>();
        services.AddSingleton<Rotation>();
        services.AddSingleton<HideRules>();
        services.AddWorker<UserIndexer>("similarUsers");
        services.AddSingleton<SimilarUsers>();
        services.AddSingleton<Engine>();
        services.AddSingleton<WorkspacePool>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<SearchReader>();
        services.AddSingleton<UserValues>();
        services.AddSingleton(provider => new AnswerQueue(provider.GetRequiredService<RecommendOptions>().RecordQueueLimit));
        services.AddSingleton<AnswerRecorder>();
        services.AddWorker<RecordPublisher>("recording");
        services.AddSingleton<Answers>();
        services.AddWorker<Refresher>("refresh");
        services.AddWorker<TransitionReader>("transitionReading");
        services.Configure<ProblemOptions>(problems => problems.Map<SimilarUsersUnavailableException>(e =>
            Problem.Unavailable(e.Message, e.RetryAfterSeconds)));
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
    public static WebApplication MapRecommend(this WebApplication app)
    {
        var answers = app.Services.GetRequiredService<Answers>();
        UserEndpoints.Map(app, answers);
        ItemEndpoints.Map(app, answers);
        SearchEndpoints.Map(app, answers, app.Services.GetRequiredService<SearchReader>(),
            app.Services.GetRequiredService<QueryEncoder>());
        BatchEndpoint.Map(app, answers);
        ServingEndpoint.Map(app, answers.Serving, answers.SimilarUsers);
        return app;
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
