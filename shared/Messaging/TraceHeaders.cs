using System.Diagnostics;
using System.Text;

namespace Recommender.Messaging;

/// <summary>Trace contexts in messages: W3C <c>traceparent</c> values separated by commas.</summary>
internal static class TraceHeaders
{
    /// <summary>Header of the context that created the message; standard.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>Header of the contexts of several requests.</summary>
    public const string Origins = "x-origins";

    /// <summary>Time of sending in milliseconds since 1970; the AMQP property has whole seconds. The name is that of RabbitMQ's own
    /// plug-in.</summary>
    public const string SentAtMs = "timestamp_in_ms";

    // Maximum number of contexts per message; a sample is enough for tracing.
    private const int MaxOrigins = 64;

    /// <summary>Formats the contexts of a message; null without contexts.</summary>
    /// <param name="publish">The span that publishes it, if one is recorded.</param>
    /// <returns>
    /// <c>Parent</c>: the publish, else the first request. <c>Origins</c>: the requests where there are several; they are what a consumer
    /// answers to.
    /// </returns>
    public static (string? Parent, string? Origins) Format(Activity? publish, IReadOnlyList<ActivityContext> origins)
    {
        string? all = Format(origins);
        int comma = all?.IndexOf(',') ?? -1;
        return (publish?.Id ?? (comma < 0 ? all : all![..comma]), comma < 0 ? null : all);
    }

    private static string? Format(IReadOnlyList<ActivityContext> origins)
    {
        StringBuilder? text = null;
        string? first = null;
        int count = 0;
        for (int i = 0; i < origins.Count && count < MaxOrigins; i++)
        {
            var origin = origins[i];
            if (origin.TraceId == default) continue;
            // Contexts that are not recorded are only used for the first.
            bool isRecorded = origin.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
            if (first is not null && !isRecorded) continue;
            string parent = $"00-{origin.TraceId.ToHexString()}-{origin.SpanId.ToHexString()}-{(isRecorded ? "01" : "00")}";
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
