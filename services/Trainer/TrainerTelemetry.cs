using System.Diagnostics;
using System.Diagnostics.Metrics;
using Recommender.Messaging;

namespace Recommender.Trainer;

/// <summary>Names of the Trainer's traces and metrics.</summary>
internal static class TrainerTelemetry
{
    public const string Name = "Recommender.Trainer";

    public static readonly ActivitySource Source = new(Name);
    public static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Stored = Meter.CreateCounter<long>("recommender.events.stored", "{event}");
    public static readonly Counter<long> Duplicates = Meter.CreateCounter<long>("recommender.events.duplicate", "{event}");

    /// <summary>Events whose id another event has, with other content.</summary>
    public static readonly Counter<long> Conflicts = Meter.CreateCounter<long>("recommender.events.conflicting", "{event}");

    /// <summary>Events of erased users, and events older than what is kept.</summary>
    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>("recommender.events.dropped", "{event}");

    /// <summary>Changes of items that were applied before, and patches of deleted items.</summary>
    public static readonly Counter<long> IgnoredItemChanges = Meter.CreateCounter<long>("recommender.items.ignored", "{change}");
    public static readonly Counter<long> DeadParts = Meter.CreateCounter<long>("recommender.events.dead", "{event}");

    /// <summary>
    /// One span for a batch: a child of the first request that brought it, linked to the others, so that a single event's trace reaches
    /// from its HTTP request to the fold-in.
    /// </summary>
    public static Activity? StartBatch(string name, IReadOnlyList<Delivery> batch)
    {
        if (!Source.HasListeners()) return null;
        var origins = batch.SelectMany(d => d.Origins).ToList();
        return Source.StartActivity(name, ActivityKind.Consumer, origins.FirstOrDefault(), links: origins.Skip(1).Select(o => new ActivityLink(o)));
    }
}
