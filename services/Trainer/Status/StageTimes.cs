using System.Diagnostics.Metrics;
using Recommender.Contracts;

namespace Recommender.Trainer.Status;

/// <summary>
/// Recent durations of the event path by stage: <c>queued</c> (from publishing to delivery), <c>storing</c>, <c>folding</c>. The newest
/// values are kept for status; the metric has all.
/// </summary>
public sealed class StageTimes
{
    private const int Kept = 4096;
    private static readonly Histogram<double> s_duration =
        TrainerTelemetry.Meter.CreateHistogram<double>("recommender.stage.duration", "s",
        "Time a message waited, or a batch took, in a part of the event path");
    private readonly Part _queued = new("queued"), _storing = new("storing"), _folding = new("folding");

    public void Queued(TimeSpan time) => _queued.Add(time);

    public void Storing(TimeSpan time) => _storing.Add(time);

    public void Folding(TimeSpan time) => _folding.Add(time);

    /// <summary>Stages without values are left out.</summary>
    public IReadOnlyDictionary<string, StageTime> Read()
    {
        var times = new Dictionary<string, StageTime>();
        foreach (var part in new[] { _queued, _storing, _folding })
            if (part.Read() is { } time) times.Add(part.Name, time);
        return times;
    }

    private sealed class Part(string name)
    {
        private readonly double[] _ring = new double[Kept];
        private long _count;

        public string Name => name;

        public void Add(TimeSpan time)
        {
            // Clocks of two machines may differ.
            double milliseconds = Math.Max(0, time.TotalMilliseconds);
            lock (_ring) _ring[_count++ % Kept] = milliseconds;
            s_duration.Record(milliseconds / 1000, new KeyValuePair<string, object?>("recommender.stage", name));
        }

        public StageTime? Read()
        {
            double[] sorted;
            lock (_ring) sorted = _ring[..(int)Math.Min(_count, Kept)];
            if (sorted.Length == 0) return null;
            Array.Sort(sorted);
            return new(Math.Round(sorted[sorted.Length / 2], 3), Math.Round(sorted[(int)(sorted.Length * .99)], 3));
        }
    }
}
