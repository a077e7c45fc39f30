using System.Diagnostics;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Factorization.Events;
using Recommender.Messaging.Parsing;
using Recommender.Messaging.Streams;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Events;

/// <summary>
/// The event path: messages → store → fold-in and transitions → factor store → acknowledge. Every step can be repeated without harm, so a
/// crash at any point loses nothing and counts nothing twice.
/// </summary>
public sealed class InteractionWorker(
    IStreamConsumer consumer,
    IStore store,
    IFactorStore factorStore,
    Folding folding,
    TransitionFollower transitions,
    ItemPlacer placer,
    EventWeights weights,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<InteractionWorker> logger) : BackgroundService
{
    /// <summary>Enough to make a transaction's fixed costs small, few enough that other writers are not held up long.</summary>
    private const int EventsPerTransaction = 25_000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        consumer.RunAsync(Topology.Interactions, options.MaxBatchBytes, HandleAsync, stoppingToken);

    /// <summary>
    /// Handles one batch; what it returns can never be processed. Throws if a server is unavailable: the batch is then delivered again.
    /// A batch is what has arrived, so it is large only when this process is behind: it is then stored in several transactions and each of
    /// its users folded in once, which is what lets it catch up.
    /// </summary>
    public async Task<IReadOnlyList<DeadMessage>> HandleAsync(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken)
    {
        var work = new BatchState();
        var now = clock.GetUtcNow();
        progress.Taken(batch.Min(delivery => delivery.SentAt) is { } oldest && oldest < now ? oldest : now);
        foreach (var delivery in batch)
        {
            if (delivery.SentAt is { } sent && !delivery.Redelivered) progress.Times.Queued(now - sent);
            var parsed = InteractionParser.Parse(delivery, now, weights);
            work.Waiting.AddRange(parsed.Valid);
            foreach (var rejected in parsed.Rejected) work.Dead.Add(rejected.ToDeadMessage());
            if (work.Waiting.Count >= EventsPerTransaction) await StoreAsync(work, cancellationToken);
        }

        if (work.Waiting.Count > 0) await StoreAsync(work, cancellationToken);
        TrainerTelemetry.DeadParts.Add(work.Dead.Count);
        if (work.Events == 0)
        {
            progress.NothingToStore();
            return work.Dead;
        }

        progress.AllStored();
        Activity.Current?.SetTag("recommender.events", work.Events);
        long start = Stopwatch.GetTimestamp();
        using (TrainerTelemetry.Source.StartActivity("fold in"))
        {
            await Task.WhenAll(
                folding.FoldInAsync(work.Folding, cancellationToken),
                transitions.FollowAsync(work.Transitions, cancellationToken),
                factorStore.PutItemStatisticsAsync(
                    [.. work.Items.Values.Select(item => CatalogueCopy.ToRecord(item.Statistics, item.Revision))], cancellationToken));
        }

        progress.Times.Folding(Stopwatch.GetElapsedTime(start));
        placer.Note(work.Items.Values.Select(item => item.Statistics));
        progress.Handled(work.Events, batch.Count);
        progress.RaiseFolded(work.Sequence);
        if (batch[^1].SentAt is { } sentAt) progress.Sent(sentAt);
        return work.Dead;
    }

    private async Task StoreAsync(BatchState work, CancellationToken cancellationToken)
    {
        StoredBatch stored;
        long start = Stopwatch.GetTimestamp();
        using (TrainerTelemetry.Source.StartActivity("store"))
            stored = await store.StoreInteractionsAsync(work.Waiting, cancellationToken);
        progress.Stored(stored, clock.GetUtcNow());
        progress.Times.Storing(Stopwatch.GetElapsedTime(start));
        work.Events += work.Waiting.Count;
        foreach (var conflict in stored.Conflicts) work.Dead.Add(Dead(work.Waiting[conflict.Index], conflict));
        work.Waiting.Clear();
        folding.Note(stored, work.Folding);
        work.Transitions.Note(stored);
        // The later transaction has the newer statistics of the item.
        foreach (var item in stored.Items) work.Items[item.ItemKey] = (item, stored.Revision);
        work.Sequence = stored.Sequence;
        TrainerTelemetry.Stored.Add(stored.Stored);
        TrainerTelemetry.Duplicates.Add(stored.Duplicates);
        TrainerTelemetry.Conflicts.Add(stored.Conflicts.Count);
        TrainerTelemetry.Dropped.Add(stored.Dropped);
        logger.EventsStored(stored.Stored, stored.UserKeys.Count, stored.Duplicates, stored.Dropped);
    }

    private static DeadMessage Dead(Interaction interaction, EventConflict conflict)
    {
        string source = interaction.CloudEventSource is { } name ? $" of source '{name}'" : "";
        return new DeadMessage(
            JsonSerializer.SerializeToUtf8Bytes(interaction, ContractsJson.Default.Interaction),
            $"eventId '{interaction.EventId}'{source} is the id of another event, whose {conflict.Field} differs; send this event with an "
                + $"id of its own.");
    }

    /// <summary>What a batch has come to so far.</summary>
    private sealed class BatchState
    {
        public List<Interaction> Waiting { get; } = [];
        public List<DeadMessage> Dead { get; } = [];
        public Folding.PendingFoldIns Folding { get; } = new();
        public PendingTransitions Transitions { get; } = new();
        public Dictionary<int, (ItemStatistics Statistics, long Revision)> Items { get; } = [];
        public int Events { get; set; }
        public long Sequence { get; set; }
    }
}
