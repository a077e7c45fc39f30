using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;

namespace Recommender.Messaging;

/// <summary>Trace contexts on their way through a stream, as text: W3C <c>traceparent</c> values separated by commas.</summary>
internal static class TraceHeaders
{
    /// <summary>Header of the first context alone, which tools of others understand.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>Header of all of them, where there are several.</summary>
    public const string Origins = "x-origins";

    /// <summary>Time of sending in milliseconds since 1970; the AMQP property has whole seconds. The name is that of RabbitMQ's own plug-in.</summary>
    public const string SentAtMs = "timestamp_in_ms";

    // A group of a thousand requests does not need a thousand headers to be followed.
    private const int MaxOrigins = 64;

    public static string? Format(IReadOnlyList<ActivityContext> origins)
    {
        StringBuilder? text = null;
        string? first = null;
        int count = 0;
        for (int i = 0; i < origins.Count && count < MaxOrigins; i++)
        {
            var origin = origins[i];
            if (origin.TraceId == default) continue;
            // Contexts nobody records are of use only to name the first.
            if (first is not null && (origin.TraceFlags & ActivityTraceFlags.Recorded) == 0) continue;
            string parent = $"00-{origin.TraceId.ToHexString()}-{origin.SpanId.ToHexString()}-{((origin.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? "01" : "00")}";
            count++;
            if (first is null) first = parent;
            else (text ??= new StringBuilder(first)).Append(',').Append(parent);
        }

        return text?.ToString() ?? first;
    }

    public static IReadOnlyList<ActivityContext> Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 100 * MaxOrigins) return [];
        var origins = new List<ActivityContext>();
        foreach (string parent in text.Split(','))
            if (ActivityContext.TryParse(parent, null, isRemote: true, out var origin)) origins.Add(origin);
        return origins;
    }
}

/// <summary>The activity source and meter of this library.</summary>
internal static class MessagingTelemetry
{
    private static readonly ActivitySource s_source = new("Recommender.Messaging");
    private static readonly Meter s_meter = new("Recommender.Messaging");

    public static readonly Counter<long> Published = s_meter.CreateCounter<long>("recommender.stream.published", "{message}", "Messages the broker or journal has confirmed");
    public static readonly Counter<long> PublishFailures = s_meter.CreateCounter<long>("recommender.stream.publish_failures", "{message}", "Messages not confirmed");
    public static readonly Histogram<double> PublishDuration = s_meter.CreateHistogram<double>("recommender.stream.publish_duration", "s", "Time from publish to confirm");
    public static readonly Counter<long> Consumed = s_meter.CreateCounter<long>("recommender.stream.consumed", "{message}", "Messages handled and acknowledged");
    public static readonly Counter<long> DeadLettered = s_meter.CreateCounter<long>("recommender.stream.dead_lettered", "{message}", "Messages, or parts of one, put among the dead letters");
    public static readonly Counter<long> HandlerFailures = s_meter.CreateCounter<long>("recommender.stream.handler_failures", "{batch}", "Batches whose handler failed and that come again");

    /// <summary>The span of a publish: child of the first request, linked to the others.</summary>
    public static Activity? StartPublish(string stream, IReadOnlyList<ActivityContext> origins) => Start($"publish {stream}", ActivityKind.Producer, stream, origins);

    /// <summary>The span of a batch: child of the first request it came from, linked to the others.</summary>
    public static Activity? StartProcess(string stream, IReadOnlyList<Delivery> batch)
    {
        if (!s_source.HasListeners()) return null;
        return Start($"process {stream}", ActivityKind.Consumer, stream, [.. batch.SelectMany(delivery => delivery.Origins)]);
    }

    /// <summary>Gives every other request of the batch a span of its own over the same time, so that each trace shows its end.</summary>
    public static void CopyToOrigins(Activity? process, IReadOnlyList<Delivery> batch)
    {
        if (process is null) return;
        var seen = new HashSet<ActivityTraceId> { process.TraceId };
        foreach (var origin in batch.SelectMany(delivery => delivery.Origins))
        {
            if (!seen.Add(origin.TraceId)) continue;
            using var copy = s_source.StartActivity(process.OperationName, ActivityKind.Consumer, origin, process.TagObjects, [new ActivityLink(process.Context)], process.StartTimeUtc);
        }
    }

    private static Activity? Start(string name, ActivityKind kind, string stream, IReadOnlyList<ActivityContext> origins)
    {
        if (!s_source.HasListeners()) return null;
        var parent = origins.Count > 0 ? origins[0] : default;
        var links = origins.Skip(1).Where(o => o.TraceId != default).Select(o => new ActivityLink(o));
        return s_source.StartActivity(name, kind, parent, [new("messaging.system", "recommender"), new("messaging.destination.name", stream)], links);
    }
}
