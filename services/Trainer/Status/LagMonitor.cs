using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Recommender.Contracts;

namespace Recommender.Trainer.Status;

/// <summary>Looks at watermarks and lags at intervals: for the gauges, which cannot wait for an answer, and for readiness, which should
/// not.</summary>
public sealed class LagMonitor : BackgroundService, IHealthCheck
{
    private readonly StatusReader _status;
    private readonly TrainerOptions _options;
    private readonly TimeProvider _clock;
    private readonly Meter _meter = new(TrainerTelemetry.Name);
    private volatile StatusResponse? _last;

    public LagMonitor(StatusReader status, TrainerOptions options, TimeProvider clock)
    {
        (this._status, this._options, this._clock) = (status, options, clock);
        _meter.CreateObservableGauge("recommender.watermark", () => Measure(_last?.Watermarks), "{event}",
            "Events each stage has got through");
        _meter.CreateObservableGauge("recommender.lag", () => Measure(_last?.LagSeconds), "s",
            "How long the oldest event a stage has not seen has waited for it");
        _meter.CreateObservableGauge("recommender.queue.depth", () => Measure(_last?.QueueDepths, "messaging.destination.name"),
            "{message}", "Messages waiting");
    }

    /// <summary>Degraded while a lag is above its alarm level: answers grow old, nothing is lost.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_last is { } seen && LagAlarms.Of(seen.LagSeconds, seen.Watermarks["stored"], _options).ToList() is [_, ..] alarms
            ? HealthCheckResult.Degraded(string.Join(' ', alarms))
            : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(_options.LagEverySeconds), _clock);
        do _last = await _status.ReadAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    private static IEnumerable<Measurement<T>> Measure<T>(IReadOnlyDictionary<string, T>? values, string tag = "recommender.stage")
        where T : struct =>
        values is null ? [] : values.Select(value => new Measurement<T>(value.Value, new KeyValuePair<string, object?>(tag, value.Key)));
}
