using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Accepting;

/// <summary>
/// Group commit. While one message is on its way to the broker, the requests that arrive wait; then all of them go in the next one.
/// No timer: a lone request is published at once, and groups grow with the load.
/// </summary>
internal sealed class GroupPublisher(string stream, IStreamPublisher publisher, IngestOptions options, QueueGuard? queue = null)
{
    private const int MaxRuns = 4;
    private static readonly Meter s_meter = new("Recommender.Ingest");
    private static readonly Histogram<int> s_groupSize =
        s_meter.CreateHistogram<int>("recommender.ingest.group_size", "{request}", "Requests in one message to the broker");
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>();
    private readonly long[] _sendingSince = new long[MaxRuns];
    private long _backlogBytes;
    private int _runs;

    /// <summary>Bytes accepted from clients and not yet confirmed.</summary>
    public long BacklogBytes => Interlocked.Read(ref _backlogBytes);

    /// <summary>How long the oldest request has waited for the broker; zero when none waits.</summary>
    public TimeSpan Lag
    {
        get
        {
            long oldest = _waiting.Reader.TryPeek(out var next) ? next.Since : long.MaxValue;
            for (int run = 0; run < MaxRuns; run++)
                if (Volatile.Read(ref _sendingSince[run]) is > 0 and var since) oldest = Math.Min(oldest, since);
            return oldest == long.MaxValue ? TimeSpan.Zero : Stopwatch.GetElapsedTime(oldest);
        }
    }

    /// <summary>Throws when a publish would fail, so that a body need not be read for nothing.</summary>
    /// <exception cref="StreamUnavailableException">The broker is unavailable.</exception>
    /// <exception cref="ProblemException">Too much waits on the broker already.</exception>
    public void ThrowIfUnavailable()
    {
        if (!publisher.IsAvailable) throw new StreamUnavailableException("The broker cannot be reached.");
        queue?.ThrowIfFull();
    }

    /// <summary>Completes when the elements are durable. Takes the buffer over in any case.</summary>
    /// <exception cref="StreamUnavailableException">The broker is unavailable; the event may or may not be durable.</exception>
    /// <exception cref="ProblemException">Too much waits already.</exception>
    public Task PublishAsync(ElementBuffer elements)
    {
        elements.Close();
        int length = elements.Array.Length;
        if (queue?.IsFull == true)
        {
            elements.Dispose();
            queue.ThrowIfFull();
        }

        if (Interlocked.Add(ref _backlogBytes, length) > options.BacklogBytes)
        {
            Interlocked.Add(ref _backlogBytes, -length);
            elements.Dispose();
            throw new ProblemException(Problem.Unavailable("The broker cannot keep up. Send the request again later.",
                retryAfterSeconds: 2));
        }

        var waiting = new Waiting(elements, length, Activity.Current?.Context ?? default);
        if (!_waiting.Writer.TryWrite(waiting))
        {
            Interlocked.Add(ref _backlogBytes, -length);
            elements.Dispose();
            throw new StreamUnavailableException("The service is stopping.");
        }

        return waiting.Durable.Task;
    }

    /// <summary>Publishes until <see cref="Complete"/>, and then what is left. May run several times at once, so that the next group is
    /// made while the last is being confirmed.</summary>
    public async Task RunAsync()
    {
        int run = Interlocked.Increment(ref _runs) - 1;
        var group = new List<Waiting>();
        var origins = new List<ActivityContext>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            group.Clear();
            origins.Clear();
            int bytes = 2;
            while (_waiting.Reader.TryPeek(out var next) && (group.Count == 0 || bytes + next.Length <= options.GroupBytes))
            {
                if (!_waiting.Reader.TryRead(out next)) break;
                group.Add(next);
                bytes += next.Length;
                if (next.Origin.TraceId != default) origins.Add(next.Origin);
            }

            if (group.Count == 0) continue;
            Volatile.Write(ref _sendingSince[run], group[0].Since);
            Exception? failure = null;
            try
            {
                await PublishAsync(group, origins, bytes);
                s_groupSize.Record(group.Count);
            }
            catch (Exception e)
            {
                // The error belongs to the requests of this group; the loop continues with the next.
                failure = e;
            }

            Volatile.Write(ref _sendingSince[run], 0);
            foreach (var waiting in group)
            {
                waiting.Elements.Dispose();
                Interlocked.Add(ref _backlogBytes, -waiting.Length);
                if (failure is null) waiting.Durable.SetResult();
                else waiting.Durable.SetException(failure);
            }
        }
    }

    public void Complete() => _waiting.Writer.TryComplete();

    private async Task PublishAsync(List<Waiting> group, List<ActivityContext> origins, int bytes)
    {
        if (group is [var only])
        {
            await publisher.PublishAsync(stream, only.Elements.Array, origins, CancellationToken.None);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        int length = Join(group, buffer);
        try
        {
            await publisher.PublishAsync(stream, buffer.AsMemory(0, length), origins, CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Join(List<Waiting> group, byte[] buffer)
    {
        int length = 0;
        foreach (var waiting in group)
        {
            buffer[length] = length == 0 ? (byte)'[' : (byte)',';
            length++;
            waiting.Elements.Elements.CopyTo(buffer.AsSpan(length));
            length += waiting.Elements.Elements.Length;
        }

        buffer[length] = (byte)']';
        return length + 1;
    }

    private sealed record Waiting(ElementBuffer Elements, int Length, ActivityContext Origin)
    {
        public long Since { get; } = Stopwatch.GetTimestamp();

        public TaskCompletionSource Durable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
