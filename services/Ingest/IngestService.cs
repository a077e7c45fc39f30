using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.Contracts;
using Recommender.Messaging;
using Recommender.ServiceDefaults;
using Recommender.Storage;

namespace Recommender.Ingest;

/// <summary>Composition of the Ingest service: used by its own process and by Standalone.</summary>
public static class IngestService
{
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddIngest(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection("Ingest").Get<IngestOptions>() ?? new IngestOptions();
        options.Validate();
        builder.AddMessaging();
        builder.AddStore();
        builder.AddEventTypes();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<QueueGuard>();
        builder.Services.AddHostedService(services => services.GetRequiredService<QueueGuard>());
        builder.Services.AddSingleton<GroupPublishers>();
        builder.Services.AddHostedService(services => services.GetRequiredService<GroupPublishers>());
        builder.Services.AddHealthChecks().AddCheck<AcceptingCheck>("accepting");
        builder.Services.Configure<OpenApiOptions>("v1", openApi => openApi.AddSchemaTransformer<InteractionSchema>());
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

    /// <summary>An Ingest that cannot reach the broker accepts nothing, so nothing should be sent to it. One that waits long for it works, but badly.</summary>
    private sealed class AcceptingCheck(IStreamPublisher publisher, GroupPublishers groups, IngestOptions options) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            if (!publisher.IsAvailable) return Task.FromResult(HealthCheckResult.Unhealthy("The broker cannot be reached: events and changes are refused with 503 until it is back."));
            double lag = Math.Max(groups.Interactions.Lag.TotalSeconds, groups.Commands.Lag.TotalSeconds);
            return Task.FromResult(options.AcceptedLagAlarmSeconds > 0 && lag > options.AcceptedLagAlarmSeconds
                ? HealthCheckResult.Degraded(FormattableString.Invariant($"Requests wait to be accepted by the broker for {lag:0.#} s, longer than {options.AcceptedLagAlarmSeconds:0.###} s (Ingest:AcceptedLagAlarmSeconds)."))
                : HealthCheckResult.Healthy());
        }
    }
}

/// <summary>Settings of <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>Bytes of events waiting for the broker in this process; beyond it requests are refused with 503 and Retry-After.</summary>
    public int BacklogBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes of one message that holds the events of several requests.</summary>
    public int GroupBytes { get; set; } = 256 * 1024;

    /// <summary>Messages of events that may wait for the Trainer; from there on requests are refused with 503 and Retry-After. 0: any number, until the broker itself is full.</summary>
    public long QueueMessagesLimit { get; set; } = 1_000_000;

    /// <summary>How often the messages that wait are counted.</summary>
    public double QueueCheckEverySeconds { get; set; } = 1;

    /// <summary>Readiness is degraded while a request has waited longer than this for the broker to accept it. 0: never.</summary>
    public double AcceptedLagAlarmSeconds { get; set; } = 5;

    internal void Validate()
    {
        if (BacklogBytes < Limits.BodyBytes) throw new InvalidOperationException($"Setting Ingest:BacklogBytes has to be {Limits.BodyBytes} or more, the size of one request.");
        if (QueueMessagesLimit < 0) throw new InvalidOperationException("Setting Ingest:QueueMessagesLimit has to be 0 (any number) or more.");
        if (QueueCheckEverySeconds is not (>= 0.01 and <= 3600)) throw new InvalidOperationException("Setting Ingest:QueueCheckEverySeconds has to be between 0.01 and 3600.");
        if (AcceptedLagAlarmSeconds is not (>= 0 and <= 86_400)) throw new InvalidOperationException("Setting Ingest:AcceptedLagAlarmSeconds has to be between 0 and 86400.");
        if (GroupBytes is < 1024 or > Limits.BodyBytes) throw new InvalidOperationException($"Setting Ingest:GroupBytes has to be between 1024 and {Limits.BodyBytes}.");
    }
}
