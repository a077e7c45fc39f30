using Recommender.Storage.Events;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Status;

/// <summary>How far this process has got, for status and metrics.</summary>
public sealed class Progress
{
    /// <summary>What the newest batch counts in the mean of events per message: a change of producers shows after about ten
    /// batches.</summary>
    private const double NewestBatchShare = 0.2;

    private long _folded;
    private volatile BatchInProgress? _inHand;
    private volatile TrainingState _training = TrainingState.Idle;
    private long _lastStoredTicks;
    private long _dropped;
    private long _sentTicks;
    private double _eventsPerMessage = 1;

    /// <summary>Events up to this sequence were folded in by this process; 0 for none yet.</summary>
    public long Folded => Volatile.Read(ref _folded);

    /// <summary>The batch being handled, from before it is stored until it is folded in, over every failed try; null between
    /// batches.</summary>
    public BatchInProgress? Batch => _inHand;

    /// <summary>When events were last stored, in UTC ticks; 0 for never.</summary>
    public long LastStoredTicks => Volatile.Read(ref _lastStoredTicks);

    /// <summary>When the newest message that is stored and folded in was sent; null before the first, or where producers do not
    /// say.</summary>
    public DateTimeOffset? LastSentAt => Volatile.Read(ref _sentTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>Events that came after their user had been erased, or older than what is kept.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public TrainingState Training
    {
        get => _training;
        set => _training = value;
    }

    public StageTimes Times { get; } = new();

    /// <summary>A batch is about to be stored.</summary>
    /// <param name="oldest">When the oldest of it was sent.</param>
    public void Taken(DateTimeOffset oldest) => _inHand = new(oldest, IsStored: false);

    /// <summary>All of the batch is stored.</summary>
    public void AllStored() => _inHand = _inHand is { } batch ? batch with { IsStored = true } : null;

    /// <summary>The batch held nothing to store.</summary>
    public void NothingToStore() => _inHand = null;

    public void Stored(StoredBatch batch, DateTimeOffset now)
    {
        Interlocked.Add(ref _dropped, batch.Dropped);
        if (batch.Stored > 0) Volatile.Write(ref _lastStoredTicks, now.UtcTicks);
    }

    /// <summary>Events of a message, averaged over the last batches: turns waiting messages into waiting events.</summary>
    public double EventsPerMessage => Volatile.Read(ref _eventsPerMessage);

    public void Handled(int events, int messages) =>
        Volatile.Write(ref _eventsPerMessage, (1 - NewestBatchShare) * EventsPerMessage + NewestBatchShare * events / messages);

    public void Sent(DateTimeOffset at) => Volatile.Write(ref _sentTicks, at.UtcTicks);

    /// <summary>The batch is folded in, and with it everything up to the sequence.</summary>
    public void RaiseFolded(long sequence)
    {
        _inHand = null;
        for (long seen = Folded; seen < sequence;)
        {
            long before = Interlocked.CompareExchange(ref _folded, sequence, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
