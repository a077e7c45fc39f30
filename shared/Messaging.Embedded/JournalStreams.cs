using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.Messaging.Embedded;

/// <summary>Streams on the journal file, for one process.</summary>
internal sealed class JournalStreams(
    JournalFile file, ResiliencePipelineProvider<string> pipelines, ILogger<JournalStreams> logger)
    : IStreamPublisher, IStreamConsumer, IStreamAdministration
{
    private readonly BatchRetry _retry = new(pipelines, MessagingTelemetry.Journal, logger);

    public bool IsAvailable => true;

    public async Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
        CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.Journal.StartPublish(stream, origins);
        long start = Stopwatch.GetTimestamp();
        var journal = await file.GetAsync();
        try
        {
            await journal.AppendAsync(stream, body, FormatHeaders(activity, origins), cancellationToken);
        }
        catch (StreamUnavailableException e)
        {
            MessagingTelemetry.Journal.Published(stream, activity, origins, start, e);
            throw;
        }

        MessagingTelemetry.Journal.Published(stream, activity, origins, start);
    }

    public async Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken)
    {
        var journal = await file.GetAsync();
        long after = 0;
        // Messages present at the start may have been handled by a process that ended before removing them.
        bool restarted = true;
        while (true)
        {
            await journal.WaitAsync(stream, after, cancellationToken);
            var entries = await journal.ReadAsync(stream, after, maxBatchBytes, cancellationToken);
            if (entries.Count == 0) continue;
            var batch = entries.Select(entry => ToDelivery(entry, restarted)).ToList();
            restarted = false;
            using var activity = MessagingTelemetry.Journal.StartProcess(stream, batch);
            var dead = await _retry.RunAsync(stream, batch, handler, cancellationToken);
            after = entries[^1].Id;
            await RemoveAsync(journal, stream, after, dead, cancellationToken);
            MessagingTelemetry.Journal.Processed(stream, activity, batch, dead.Count);
        }
    }

    public async Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken)
    {
        var journal = await file.GetAsync();
        var depths = journal.GetDepths();
        var all = Topology.Streams.ToDictionary(stream => stream, stream => depths.GetValueOrDefault(stream), StringComparer.Ordinal);
        all[Topology.DeadLetters] = journal.DeadLetterCount;
        return all;
    }

    public async Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        var journal = await file.GetAsync();
        var letters = await journal.ListDeadLettersAsync(0, limit, cancellationToken);
        return new DeadLettersResponse
        {
            Total = journal.DeadLetterCount,
            Letters = [.. letters.Select(letter =>
            {
                string body = Encoding.UTF8.GetString(letter.Body.Span[..Math.Min(letter.Body.Length, 4 * 4096)]);
                return new DeadLetter { Id = letter.Id.ToString(), Stream = letter.Stream, Reason = letter.Reason,
                    FailedAt = letter.FailedAt, Body = body.Length > 4096 ? body[..4096] : body };
            })],
        };
    }

    public async Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) =>
        await (await file.GetAsync()).ReplayDeadLettersAsync(cancellationToken);

    public async Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken) =>
        await (await file.GetAsync()).RemoveDeadLettersAsync(letter => predicate(letter.Body), cancellationToken);

    /// <summary>Milliseconds since 1970, a semicolon, trace contexts.</summary>
    private static string FormatHeaders(Activity? publish, IReadOnlyList<ActivityContext> origins)
    {
        var (parent, all) = TraceHeaders.Format(publish, origins);
        return $"{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()};{all ?? parent}";
    }

    private static Delivery ToDelivery(JournalEntry entry, bool redelivered)
    {
        int end = entry.Headers?.IndexOf(';') ?? -1;
        return new Delivery(entry.Body, end < 0 ? [] : TraceHeaders.Parse(entry.Headers![(end + 1)..]), redelivered)
        {
            SentAt = end > 0 && long.TryParse(entry.Headers.AsSpan(0, end), out long ms) ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : null,
        };
    }

    /// <summary>
    /// Removes handled messages. While the file is full, they are not handled again, and are removed once there is space.
    /// </summary>
    private async Task RemoveAsync(Journal journal, string stream, long upToId, IReadOnlyList<DeadMessage> dead,
        CancellationToken cancellationToken)
    {
        var letters = dead.Select(letter => (letter.Body, (string?)null, letter.Reason)).ToList();
        await pipelines.GetPipeline(PipelineNames.UntilAvailable).ExecuteAsync(
            new Outage(logger, $"The journal of {stream}", e => e is StreamUnavailableException),
            async token =>
            {
                await journal.RemoveAsync(stream, upToId, letters, token);
                return true;
            },
            cancellationToken);
    }
}
