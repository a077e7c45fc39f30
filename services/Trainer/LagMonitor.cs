using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Recommender.Contracts;

namespace Recommender.Trainer;

/// <summary>Looks at watermarks and lags at intervals: for the gauges, which cannot wait for an answer, and for readiness, which should not.</summary>
public sealed class LagMonitor : BackgroundService, IHealthCheck
{
    private readonly StatusReader status;
    private readonly TrainerOptions options;
    private readonly TimeProvider clock;
    private readonly Meter meter = new(TrainerTelemetry.Name);
    private volatile StatusResponse? last;

    public LagMonitor(StatusReader status, TrainerOptions options, TimeProvider clock)
    {
        (this.status, this.options, this.clock) = (status, options, clock);
        meter.CreateObservableGauge("recommender.watermark", () => Measure(last?.Watermarks), "{event}", "Events each stage has got through");
        meter.CreateObservableGauge("recommender.lag", () => Measure(last?.LagSeconds), "s", "How long the oldest event a stage has not seen has waited for it");
        meter.CreateObservableGauge("recommender.queue.depth", () => Measure(last?.QueueDepths, "messaging.destination.name"), "{message}", "Messages waiting");
    }

    /// <summary>Degraded while a lag is above its alarm level: answers grow old, nothing is lost.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(last is { } seen && LagAlarms.Of(seen.LagSeconds, seen.Watermarks["stored"], options).ToList() is [_, ..] alarms
            ? HealthCheckResult.Degraded(string.Join(' ', alarms))
            : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.LagEverySeconds), clock);
        do last = await status.ReadAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    private static IEnumerable<Measurement<T>> Measure<T>(IReadOnlyDictionary<string, T>? values, string tag = "recommender.stage")
        where T : struct =>
        values is null ? [] : values.Select(value => new Measurement<T>(value.Value, new KeyValuePair<string, object?>(tag, value.Key)));
}
