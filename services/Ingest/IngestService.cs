using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Endpoints;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Settings;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;

namespace Recommender.Ingest;

/// <summary>Composition of the Ingest service, for its own process and for Standalone.</summary>
public static class IngestService
{
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddIngest(this WebApplicationBuilder builder)
    {
        builder.AddSettings<IngestOptions>(IngestOptions.Section);
        builder.AddMessagingOrEmbedded();
        builder.AddStore();
        builder.AddEventTypes();
        builder.Services.AddWorker<QueueGuard>("queue");
        builder.Services.AddSingleton<GroupPublishers>();
        builder.Services.AddHostedService(services => services.GetRequiredService<GroupPublishers>());
        builder.Services.AddHealthChecks().AddCheck<AcceptingCheck>("accepting");
        builder.Services.Configure<ProblemOptions>(problems =>
        {
            problems.Map<StreamUnavailableException>(e => e.IsFull
                ? Problem.OfStatus(507, "There is no space left to keep events; nothing of this request was kept.")
                : Problem.Unavailable($"{e.Message} Send the request again; with the same event ids nothing counts twice."));
            problems.Map<StoreUnavailableException>(_ => Problem.Unavailable("The database cannot be reached."));
        });
        return builder;
    }

    public static WebApplication MapIngest(this WebApplication app)
    {
        EventEndpoints.Map(app);
        ItemEndpoints.Map(app);
        UserEndpoints.Map(app);
        return app;
    }

    /// <summary>
    /// Readiness: unhealthy if the broker is unreachable, because nothing can be accepted; degraded if requests wait too long for it.
    /// </summary>
    private sealed class AcceptingCheck(IStreamPublisher publisher, GroupPublishers groups, IngestOptions options) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            if (!publisher.IsAvailable) return Task.FromResult(
                HealthCheckResult.Unhealthy("The broker cannot be reached: events and changes are refused with 503 until it is back."));
            double lag = Math.Max(groups.Interactions.Lag.TotalSeconds, groups.Commands.Lag.TotalSeconds);
            return Task.FromResult(options.AcceptedLagAlarmSeconds > 0 && lag > options.AcceptedLagAlarmSeconds
                ? HealthCheckResult.Degraded(
                    FormattableString.Invariant($"Requests wait to be accepted by the broker for {lag:0.#} s, longer than {options.AcceptedLagAlarmSeconds:0.###} s (Ingest:AcceptedLagAlarmSeconds)."))
                : HealthCheckResult.Healthy());
        }
    }
}
