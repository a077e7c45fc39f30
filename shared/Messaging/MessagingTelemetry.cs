using System.Diagnostics;
using System.Diagnostics.Metrics;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging;

/// <summary>
/// Spans and metrics of the streams, named by the OpenTelemetry conventions for messaging. A message of one trace continues that trace. A
/// message of several traces starts a new trace with links to them, and each of them gets a span that links back.
/// </summary>
/// <param name="system">Value of <c>messaging.system</c>.</param>
internal sealed class MessagingTelemetry(string system)
{
    private const string Publish = "publish", Process = "process";

    private static readonly ActivitySource s_source = new("Recommender.Messaging");
    private static readonly Meter s_meter = new("Recommender.Messaging");
    private static readonly InstrumentAdvice<double> s_buckets =
        new() { HistogramBucketBoundaries = [.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10] };
    private static readonly Histogram<double> s_operationDuration = s_meter.CreateHistogram(
        "messaging.client.operation.duration", "s", "Time from publishing a message to its confirmation", advice: s_buckets);
    private static readonly Counter<long> s_sent = s_meter.CreateCounter<long>(
        "messaging.client.sent.messages", "{message}", "Messages sent; with error.type if they were not confirmed");
    private static readonly Counter<long> s_consumed = s_meter.CreateCounter<long>(
        "messaging.client.consumed.messages", "{message}", "Messages given to their handler, each once however often it is retried");
    private static readonly Histogram<double> s_processDuration = s_meter.CreateHistogram(
        "messaging.process.duration", "s", "Time a handler took for one batch; with error.type if it failed and is retried",
            advice: s_buckets);
    private static readonly Counter<long> s_deadLettered = s_meter.CreateCounter<long>(
        "recommender.messaging.dead_letters", "{message}", "Messages, or parts of one, that became dead letters");

    /// <summary>Streams on RabbitMQ.</summary>
    public static MessagingTelemetry RabbitMq { get; } = new("rabbitmq");

    /// <summary>Streams in the journal file of one process.</summary>
    public static MessagingTelemetry Journal { get; } = new("recommender-journal");

    /// <summary>The span of a publish.</summary>
    /// <param name="origins">Contexts of the requests whose elements the message carries.</param>
    public Activity? StartPublish(string stream, IReadOnlyList<ActivityContext> origins) =>
        s_source.HasListeners() ? Start(Publish, "send", ActivityKind.Producer, stream, origins) : null;

    /// <summary>Records the end of a publish.</summary>
    /// <param name="started">Timestamp of the stopwatch.</param>
    /// <param name="failure">Why the message was not confirmed; null after success.</param>
    public void Published(string stream, Activity? publish, IReadOnlyList<ActivityContext> origins, long started, Exception? failure = null)
    {
        if (s_operationDuration.Enabled || s_sent.Enabled)
        {
            var tags = Tags(Publish, stream, failure);
            s_sent.Add(1, tags);
            tags.Add("messaging.operation.type", "send");
            s_operationDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        }

        if (publish is null) return;
        SetFailure(publish, failure);
        CopyToOrigins(publish, origins);
    }

    /// <summary>The span of the handling of a batch, including all attempts.</summary>
    public Activity? StartProcess(string stream, IReadOnlyList<Delivery> batch)
    {
        s_consumed.Add(batch.Count, Tags(Process, stream));
        if (!s_source.HasListeners()) return null;
        var process = Start(Process, Process, ActivityKind.Consumer, stream, OriginsOf(batch));
        if (batch.Count > 1) process?.SetTag("messaging.batch.message_count", batch.Count);
        return process;
    }

    /// <summary>Records one attempt of a handler.</summary>
    /// <param name="started">Timestamp of the stopwatch.</param>
    public void Tried(string stream, long started, Exception? failure = null)
    {
        if (!s_processDuration.Enabled) return;
        s_processDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, Tags(Process, stream, failure));
    }

    /// <summary>Records that a batch has been handled.</summary>
    public void Processed(string stream, Activity? process, IReadOnlyList<Delivery> batch, int deadLetters)
    {
        if (deadLetters > 0) s_deadLettered.Add(deadLetters, Tags(Process, stream));
        if (process is not null) CopyToOrigins(process, OriginsOf(batch));
    }

    /// <summary>Records messages that became dead letters before a handler saw them.</summary>
    public void Unreadable(string stream, int messages)
    {
        if (messages == 0) return;
        s_consumed.Add(messages, Tags(Process, stream));
        s_deadLettered.Add(messages, Tags(Process, stream));
    }

    private static ActivityContext[] OriginsOf(IReadOnlyList<Delivery> batch) => [.. batch.SelectMany(delivery => delivery.Origins)];

    private Activity? Start(string operation, string type, ActivityKind kind, string stream, IReadOnlyList<ActivityContext> origins)
    {
        var traces = origins.Where(origin => origin.TraceId != default).ToArray();
        bool one = traces.All(origin => origin.TraceId == traces[0].TraceId);
        return s_source.StartActivity($"{operation} {stream}", kind, one ? traces.FirstOrDefault() : default,
            [
                new("messaging.system", system),
                new("messaging.operation.name", operation),
                new("messaging.operation.type", type),
                new("messaging.destination.name", stream),
            ],
            (one ? traces.Skip(1) : traces).Distinct().Select(origin => new ActivityLink(origin)));
    }

    /// <summary>Adds a span with a link to this one to every other trace, over the same time.</summary>
    private static void CopyToOrigins(Activity span, IReadOnlyList<ActivityContext> origins)
    {
        var seen = new HashSet<ActivityTraceId> { span.TraceId, default };
        foreach (var origin in origins)
        {
            if (!seen.Add(origin.TraceId)) continue;
            using var copy = s_source.StartActivity(
                span.OperationName, span.Kind, origin, span.TagObjects, [new ActivityLink(span.Context)],
                    new DateTimeOffset(span.StartTimeUtc));
            copy?.SetStatus(span.Status, span.StatusDescription);
        }
    }

    private static void SetFailure(Activity span, Exception? failure)
    {
        if (failure is null) return;
        span.SetTag("error.type", failure.GetType().FullName);
        span.SetStatus(ActivityStatusCode.Error, failure.Message);
    }

    private TagList Tags(string operation, string stream, Exception? failure = null)
    {
        var tags = new TagList
        {
            { "messaging.system", system },
            { "messaging.operation.name", operation },
            { "messaging.destination.name", stream },
        };
        if (failure is not null) tags.Add("error.type", failure.GetType().FullName);
        return tags;
    }
}
