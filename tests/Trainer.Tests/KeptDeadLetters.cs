using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Trainer.Tests;

/// <summary>Dead letters in memory.</summary>
internal sealed class KeptDeadLetters : IStreamAdministration
{
    public List<byte[]> Bodies { get; } = [];

    /// <summary>Messages waiting in the queue of events.</summary>
    public long Waiting { get; set; }

    public Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long> { [Topology.Interactions] = Waiting });

    public Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Func<Task> BeforeRemoval { get; set; } = () => Task.CompletedTask;

    public async Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken)
    {
        await BeforeRemoval();
        return Bodies.RemoveAll(body => predicate(body));
    }
}
