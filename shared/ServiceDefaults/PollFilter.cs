using System.Diagnostics;
using OpenTelemetry;

namespace Recommender.ServiceDefaults;

/// <summary>
/// Drops client spans without a parent. They come from polls of background loops, several per second, each of which would be a separate
/// trace. Works with any <c>OTEL_TRACES_SAMPLER</c>.
/// </summary>
internal sealed class PollFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.Kind != ActivityKind.Client || data.ParentSpanId != default) return;

        // The exporter takes only recorded spans, and child spans inherit the flag.
        data.IsAllDataRequested = false;
        data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
