using System.Diagnostics;
using OpenTelemetry;

namespace Recommender.ServiceDefaults;

/// <summary>
/// Leaves out client spans without a parent. No request and no message caused them: they are the polls of background loops,
/// several a second and each a trace of its own. Works with any sampler that <c>OTEL_TRACES_SAMPLER</c> names.
/// </summary>
internal sealed class PollFilter : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.Kind != ActivityKind.Client || data.ParentSpanId != default) return;

        // The exporter takes recorded spans alone, and spans below this one follow its flag.
        data.IsAllDataRequested = false;
        data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
