using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>What operators see and do about streams.</summary>
public interface IStreamAdministration
{
    /// <summary>Messages waiting, by stream, dead letters included. On RabbitMQ without those a consumer holds unacknowledged.</summary>
    Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken);

    /// <summary>Looks at dead letters without removing them.</summary>
    Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Moves all dead letters back to the streams they came from; returns how many.</summary>
    Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken);

    /// <summary>Removes the dead letters whose body the predicate picks, as an erasure does; returns how many.</summary>
    Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken);
}
