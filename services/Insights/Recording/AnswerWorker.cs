using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Messaging.Streams;
using Recommender.Storage.Served;

namespace Recommender.Insights.Recording;

/// <summary>Stores the answers that Recommend publishes, and acknowledges them after the commit.</summary>
internal sealed class AnswerWorker(IStreamConsumer consumer, IServedStore store, InsightsOptions options, ILogger<AnswerWorker> logger)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        consumer.RunAsync(Topology.Served, options.MaxBatchBytes, HandleAsync, stoppingToken);

    private async Task<IReadOnlyList<DeadMessage>> HandleAsync(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken)
    {
        var answers = new List<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)>();
        var dead = new List<DeadMessage>();
        foreach (var delivery in batch)
        {
            try
            {
                answers.AddRange(ServedAnswerFormat.Read(delivery.Body));
            }
            catch (InvalidDataException e)
            {
                dead.Add(new DeadMessage(delivery.Body, e.Message));
            }
        }

        if (answers.Count > 0) logger.AnswersStored(await store.StoreServedAsync(answers, cancellationToken), answers.Count);
        return dead;
    }
}
