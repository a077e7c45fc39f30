using System.Diagnostics.Metrics;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Trainer.Status;

/// <summary>Reads watermarks and lags at intervals, for gauges and readiness, which cannot wait for queries.</summary>
public sealed class LagMonitor : RepeatingWorker
{
    private readonly StatusReader _status;
    private readonly TrainerOptions _options;
    private readonly Meter _meter = new(TrainerTelemetry.Name);
    private volatile StatusResponse? _last;

    public LagMonitor(
        StatusReader status,
        TrainerOptions options,
        ResiliencePipelineProvider<string> pipelines,
        TimeProvider clock,
        ILogger<LagMonitor> logger)
        : base("Reading of watermarks and lags", pipelines, clock, logger)
    {
        (_status, _options) = (status, options);
        _meter.CreateObservableGauge("recommender.watermark", () => Measure(_last?.Watermarks), "{event}",
            "Events each stage has got through");
        _meter.CreateObservableGauge("recommender.lag", () => Measure(_last?.LagSeconds), "s",
            "How long the oldest event a stage has not seen has waited for it");
        _meter.CreateObservableGauge("recommender.queue.depth", () => Measure(_last?.QueueDepths, "messaging.destination.name"),
            "{message}", "Messages waiting");
    }

    /// <summary>A lag above its alarm level: answers are outdated, but nothing is lost.</summary>
    protected override string? Concern =>
        _last is { } seen && LagAlarms.Of(seen.LagSeconds, seen.Watermarks["stored"], _options).ToList() is [_, ..] alarms
            ? string.Join(' ', alarms)
            : null;

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        _last = await _status.ReadAsync(cancellationToken);
        return TimeSpan.FromSeconds(_options.LagEverySeconds);
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
