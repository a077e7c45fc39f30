using Recommender.Storage.Events;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Status;

/// <summary>Progress of this process, for status and metrics.</summary>
public sealed class Progress
{
    /// <summary>
    /// Weight of the newest batch in the mean of events per message: a change of producers is visible after about ten batches.
    /// </summary>
    private const double NewestBatchShare = 0.2;

    private long _folded;
    private volatile BatchInProgress? _inHand;
    private volatile TrainingState _training = TrainingState.Idle;
    private long _lastStoredTicks;
    private long _dropped;
    private long _sentTicks;
    private double _eventsPerMessage = 1;

    /// <summary>Sequence up to which this process has folded in all events; 0 before the first.</summary>
    public long Folded => Volatile.Read(ref _folded);

    /// <summary>
    /// The current batch, from before it is stored until it is folded in, including failed attempts; null between batches.
    /// </summary>
    public BatchInProgress? Batch => _inHand;

    /// <summary>When events were last stored, in UTC ticks; 0 for never.</summary>
    public long LastStoredTicks => Volatile.Read(ref _lastStoredTicks);

    /// <summary>
    /// Time of sending of the newest message that is stored and folded in; null before the first, or if producers do not state it.
    /// </summary>
    public DateTimeOffset? LastSentAt => Volatile.Read(ref _sentTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>Number of dropped events: of erased users, or older than the retention time.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public TrainingState Training
    {
        get => _training;
        set => _training = value;
    }

    public StageTimes Times { get; } = new();

    /// <summary>A batch is about to be stored.</summary>
    /// <param name="oldest">When the oldest message of the batch was sent.</param>
    public void Taken(DateTimeOffset oldest) => _inHand = new(oldest, IsStored: false);

    /// <summary>All of the batch is stored.</summary>
    public void AllStored() => _inHand = _inHand is { } batch ? batch with { IsStored = true } : null;

    /// <summary>The batch has nothing to store.</summary>
    public void NothingToStore() => _inHand = null;

    public void Stored(StoredBatch batch, DateTimeOffset now)
    {
        Interlocked.Add(ref _dropped, batch.Dropped);
        if (batch.Stored > 0) Volatile.Write(ref _lastStoredTicks, now.UtcTicks);
    }

    /// <summary>Mean number of events per message over the last batches, to estimate waiting events from waiting messages.</summary>
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
