using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Administration of streams.</summary>
public interface IStreamAdministration
{
    /// <summary>Number of waiting messages by stream, including dead letters. On RabbitMQ without unacknowledged messages.</summary>
    Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken);

    /// <summary>Lists dead letters without removing them.</summary>
    Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Moves all dead letters back to their streams. Returns their number.</summary>
    Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken);

    /// <summary>Removes the dead letters whose body matches the predicate, for erasures. Returns their number.</summary>
    Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken);
}
