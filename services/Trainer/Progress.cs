using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>How far this process has got, for status and metrics.</summary>
public sealed class Progress
{
    private long folded;
    private long lastStoredTicks;
    private long dropped;
    private long sentTicks;

    /// <summary>Events up to this sequence are folded in.</summary>
    public long Folded => Volatile.Read(ref folded);

    /// <summary>When events were last stored, in UTC ticks; 0 for never.</summary>
    public long LastStoredTicks => Volatile.Read(ref lastStoredTicks);

    /// <summary>When the newest message that is stored and folded in was sent; null before the first, or where producers do not say.</summary>
    public DateTimeOffset? LastSentAt => Volatile.Read(ref sentTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>Events that came after their user had been erased.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    public string Training { get; set; } = "idle";

    public void Stored(StoredBatch batch, DateTimeOffset now)
    {
        Interlocked.Add(ref dropped, batch.Dropped);
        if (batch.Stored > 0) Volatile.Write(ref lastStoredTicks, now.UtcTicks);
    }

    public void Sent(DateTimeOffset at) => Volatile.Write(ref sentTicks, at.UtcTicks);

    public void RaiseFolded(long sequence)
    {
        for (long seen = Folded; seen < sequence;)
        {
            long before = Interlocked.CompareExchange(ref folded, sequence, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
