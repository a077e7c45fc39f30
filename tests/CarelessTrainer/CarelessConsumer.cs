using System.Threading.Channels;
using Recommender.Messaging.Streams;

namespace Recommender.CarelessTrainer;

/// <summary>Acknowledges a batch before it is handled.</summary>
internal sealed class CarelessConsumer(IStreamConsumer inner) : IStreamConsumer
{
    public async Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken)
    {
        var acknowledged = Channel.CreateUnbounded<IReadOnlyList<Delivery>>();
        var handling = Task.Run(async () =>
        {
            await foreach (var batch in acknowledged.Reader.ReadAllAsync(cancellationToken)) await handler(batch, cancellationToken);
        }, cancellationToken);
        await inner.RunAsync(stream, maxBatchBytes, (batch, _) =>
        {
            acknowledged.Writer.TryWrite([.. batch]); // A copy: the list is used again for the next batch.
            return Task.FromResult<IReadOnlyList<DeadMessage>>([]);
        }, cancellationToken);
        await handling;
    }
}
