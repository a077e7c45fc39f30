using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Recommender.Trainer;

/// <summary>Names of the Trainer's traces and metrics.</summary>
internal static class TrainerTelemetry
{
    public const string Name = "Recommender.Trainer";

    public static readonly ActivitySource Source = new(Name);
    public static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Stored = Counter("recommender.events.stored", "{event}", "Events stored for the first time");
    public static readonly Counter<long> Duplicates = Counter("recommender.events.duplicate", "{event}", "Events that were stored before");
    public static readonly Counter<long> Conflicts =
        Counter("recommender.events.conflicting", "{event}", "Events whose id another event has");
    public static readonly Counter<long> Dropped =
        Counter("recommender.events.dropped", "{event}", "Events of erased users, or too old to keep");
    public static readonly Counter<long> DeadParts = Counter("recommender.events.dead", "{event}", "Events that can never be processed");
    public static readonly Counter<long> IgnoredItemChanges =
        Counter("recommender.items.ignored", "{change}", "Changes of items that were applied before, and patches of deleted items");

    private static Counter<long> Counter(string name, string unit, string description) =>
        Meter.CreateCounter<long>(name, unit, description);
}
