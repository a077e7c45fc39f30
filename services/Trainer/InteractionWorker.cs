using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// The event path: messages → store → fold-in → factor store → acknowledge. Every step can be repeated without harm, so a crash at any
/// point loses nothing and counts nothing twice.
/// </summary>
public sealed class InteractionWorker(
    IStreamConsumer consumer,
    IStore store,
    IFactorStore factorStore,
    Folding folding,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<InteractionWorker> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        consumer.RunAsync(Topology.Interactions, options.MaxBatchBytes, HandleAsync, stoppingToken);

    /// <summary>Handles one batch; what it returns can never be processed. Throws when a server is gone: the batch then comes again.</summary>
    public async Task<IReadOnlyList<DeadMessage>> HandleAsync(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken)
    {
        var interactions = new List<Interaction>();
        var dead = new List<DeadMessage>();
        var now = clock.GetUtcNow();
        foreach (var delivery in batch)
        {
            if (delivery.SentAt is { } sent && !delivery.Redelivered) progress.Times.Queued(now - sent);
            var parsed = InteractionParser.Parse(delivery, now);
            interactions.AddRange(parsed.Valid);
            dead.AddRange(parsed.Rejected.Select(r => r.ToDeadMessage()));
        }

        if (interactions.Count == 0) return dead;

        using var span = TrainerTelemetry.StartBatch("interactions process", batch);
        span?.SetTag("events", interactions.Count);

        progress.Storing();
        StoredBatch stored;
        long start = Stopwatch.GetTimestamp();
        using (TrainerTelemetry.Source.StartActivity("store"))
            stored = await store.StoreInteractionsAsync(interactions, cancellationToken);
        progress.Stored(stored, clock.GetUtcNow());
        long storedAt = Stopwatch.GetTimestamp();
        progress.Times.Storing(Stopwatch.GetElapsedTime(start, storedAt));

        using (TrainerTelemetry.Source.StartActivity("fold in"))
        {
            var statistics = new ItemStatisticsRecord[stored.Items.Count];
            for (int i = 0; i < statistics.Length; i++)
            {
                var item = stored.Items[i];
                statistics[i] = new(item.ItemKey, item.ItemId, item.Popularity, item.Trend, stored.Revision);
            }

            await Task.WhenAll(
                folding.FoldInAsync(stored.UserKeys, cancellationToken),
                factorStore.PutItemStatisticsAsync(statistics, cancellationToken));
        }

        progress.Times.Folding(Stopwatch.GetElapsedTime(storedAt));
        progress.Handled(interactions.Count, batch.Count);
        progress.RaiseFolded(stored.Sequence);
        if (batch[^1].SentAt is { } sentAt) progress.Sent(sentAt);
        TrainerTelemetry.Stored.Add(stored.Stored);
        TrainerTelemetry.Duplicates.Add(stored.Duplicates);
        TrainerTelemetry.Dropped.Add(stored.Dropped);
        TrainerTelemetry.DeadParts.Add(dead.Count);
        if (logger.IsEnabled(LogLevel.Debug))
            logger.LogDebug("Stored {Stored} events ({Duplicates} known, {Dropped} dropped, {Dead} dead) of {Users} users.", stored.Stored, stored.Duplicates, stored.Dropped, dead.Count, stored.UserKeys.Count);
        return dead;
    }
}
