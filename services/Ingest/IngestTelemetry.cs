using System.Diagnostics.Metrics;

namespace Recommender.Ingest;

internal static class IngestTelemetry
{
    private static readonly Meter s_meter = new("Recommender.Ingest");

    public static readonly Counter<long> Accepted =
        s_meter.CreateCounter<long>("recommender.ingest.accepted", "{event}", "Events answered 202");
    public static readonly Counter<long> Rejected =
        s_meter.CreateCounter<long>("recommender.ingest.rejected", "{event}", "Events refused as invalid");
    public static readonly Counter<long> Commands =
        s_meter.CreateCounter<long>("recommender.ingest.commands", "{command}", "Changes of items and users answered 202");
}
