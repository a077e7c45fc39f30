using Recommender.Contracts;
using Recommender.Contracts.Served;

namespace Recommender.Storage.Served;

/// <summary>Answers that were returned, by id and by user or session, for some days.</summary>
public interface IServedStore
{
    /// <summary>
    /// Stores answers, each once by its id. Those to a user or session who has been erased since are dropped.
    /// </summary>
    /// <returns>How many were new.</returns>
    Task<int> StoreServedAsync(IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers,
        CancellationToken cancellationToken);

    /// <summary>Null for an unknown answer.</summary>
    Task<ServedAnswer?> ReadServedAsync(RecommendationId id, CancellationToken cancellationToken);

    /// <summary>An answer with the ids and present titles of its items; null for an unknown one.</summary>
    Task<ServedAnswerResponse?> DescribeServedAsync(RecommendationId id, CancellationToken cancellationToken);

    /// <summary>Answers to a user or session of a time span, newest first.</summary>
    Task<IReadOnlyList<ServedAnswer>> ReadServedAsync(UserRef subject, DateTimeOffset from, DateTimeOffset to, int limit,
        CancellationToken cancellationToken);

    /// <summary>Removes the answers of all days that ended before the time. A day goes at once.</summary>
    /// <returns>Number of days removed.</returns>
    Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
