using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Recommender.Integration;

/// <summary>Keeps what hosts export, after all filters of the product. A span reaches every host of its process and is kept once.</summary>
internal sealed class CollectedTelemetry
{
    private readonly ConcurrentDictionary<ActivitySpanId, Activity> _spans = new();
    private readonly ConcurrentQueue<(string Category, ActivityTraceId Trace)> _logs = new();

    /// <summary>Finished spans.</summary>
    public ICollection<Activity> Spans => _spans.Values;

    public IReadOnlyCollection<(string Category, ActivityTraceId Trace)> Logs => _logs;

    public void Configure(WebApplicationBuilder builder)
    {
        // Turns telemetry on; nobody listens there, and exporting to nobody disturbs nothing.
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        var spans = new Exporter<Activity>(span => _spans.TryAdd(span.SpanId, span));
        var logs = new Exporter<LogRecord>(log => _logs.Enqueue((log.CategoryName ?? "", log.TraceId)));
        builder.Services.ConfigureOpenTelemetryTracerProvider(provider => provider.AddProcessor(new SimpleActivityExportProcessor(spans)));
        builder.Services.ConfigureOpenTelemetryLoggerProvider(provider => provider.AddProcessor(new SimpleLogRecordExportProcessor(logs)));
    }

    private sealed class Exporter<T>(Action<T> keep) : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch) keep(item);
            return ExportResult.Success;
        }
    }
}
