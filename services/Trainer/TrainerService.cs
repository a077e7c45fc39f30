using Microsoft.Extensions.DependencyInjection.Extensions;
using Recommender.Contracts;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.Factorization.Events;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Settings;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Content;
using Recommender.Trainer.Control;
using Recommender.Trainer.Endpoints;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Events;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Mixing;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer;

/// <summary>Composition of the Trainer, for its own process and for Standalone.</summary>
public static class TrainerService
{
    /// <summary>Registers all parts of the Trainer. Connection strings select store, factor store and streams.</summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddTrainer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddSettings<TrainerOptions>(TrainerOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        builder.AddEventTypes();
        services.TryAddSingleton(sp => new StatisticsSettings
        {
            Weights = sp.GetRequiredService<EventWeights>(),
            PopularHalfLifeDays = sp.GetRequiredService<TrainerOptions>().PopularHalfLifeDays,
            TrendHalfLifeHours = sp.GetRequiredService<TrainerOptions>().TrendingHalfLifeHours,
        });
        builder.AddStoreMigration();
        builder.AddFactorStore();
        builder.AddMessagingOrEmbedded();
        builder.AddTextEncoding();
        services.AddSingleton<Progress>();
        services.AddSingleton<ReleasedModel>();
        services.AddSingleton<Folding>();
        services.AddSingleton<TransitionPolicy>();
        services.AddSingleton<TransitionCounter>();
        services.AddSingleton<TransitionFollower>();
        services.AddSingleton<MixDecider>();
        services.AddSingleton<ScoreMixes>();
        services.AddSingleton<SessionTraining>();
        services.AddSingleton<StatusReader>();
        services.AddSingleton<DriftMeter>();
        services.AddSingleton<Training>();
        services.AddSingleton<SettingsTuner>();
        services.AddWorker<ItemPlacer>("placement");
        services.AddWorker<Refolder>("foldingIn");
        services.AddWorker<Reconciler>("trainer");
        services.AddWorker<TransitionWorker>("transitions");
        services.AddWorker<MixWorker>("scoreMix");
        services.AddHostedService<InteractionWorker>();
        services.AddHostedService<CommandWorker>();
        services.AddWorker<TrainingWorker>("training");
        services.AddWorker<ErasureWorker>("erasures");
        services.AddWorker<RetentionWorker>("retention");
        services.AddWorker<LagMonitor>("lag");
        services.Configure<ProblemOptions>(problems =>
        {
            problems.Map<StoreUnavailableException>(_ => Problem.Unavailable("The database cannot be reached."));
            problems.Map<FactorStoreUnavailableException>(_ =>
                Problem.Unavailable("The factor store cannot be reached. A requested release completes when it is available."));
            problems.Map<StreamUnavailableException>(e => Problem.Unavailable(e.Message));
        });
        services.AddNoticeHandler<ModelReleased>(static (sp, _, cancellationToken) => sp.GetRequiredService<ReleasedModel>()
            .RefreshAsync(cancellationToken));
        services.AddNoticeHandler<UserErased>(static (sp, notice, _) =>
        {
            sp.GetRequiredService<Folding>().Forget(UserRef.User(notice.UserId));
            return Task.CompletedTask;
        });
        services.AddSingleton<ErasureSteps>();
        services.AddSingleton<ErasureStateMachine>();
        services.AddSingleton<ErasureRepository>();
        services.AddSingleton<ControlClient>();
        services.AddSharedEndpoint(ControlEndpoint.QueueName, ControlEndpoint.Configure);
        services.AddSharedEndpoint(ErasureEndpoint.QueueName, ErasureEndpoint.Configure);
        return builder;
    }

    private static void AddTextEncoding(this WebApplicationBuilder builder)
    {
        builder.AddSettings<TextEncoderOptions>(TextEncoderOptions.Section);
        builder.Services.AddWorker<ItemTextEncoder>("encoding");
        builder.Services.AddNoticeHandler<CatalogueChanged>(static (sp, _, _) =>
        {
            sp.GetRequiredService<ItemTextEncoder>().NoteChange();
            return Task.CompletedTask;
        });
    }

    /// <summary>Maps the endpoints. Call it after the service defaults.</summary>
    public static WebApplication MapTrainer(this WebApplication app)
    {
        TrainerEndpoints.Map(app);
        return app;
    }
}
