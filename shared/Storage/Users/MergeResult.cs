using Recommender.Storage.Events;

namespace Recommender.Storage.Users;

/// <param name="Moved">Number of moved events.</param>
/// <param name="UserKey">Null if neither had events.</param>
/// <param name="SessionKey">Null if the session is unknown.</param>
public sealed record MergeResult(int Moved, int? UserKey, int? SessionKey)
{
    /// <summary>Statistics of items that may have changed; for a repeated merge, those of all items of the user.</summary>
    public IReadOnlyList<ItemStatistics> Items { get; init; } = [];

    /// <summary>Items of the session if the user already had events of it, so that its events form other pairs.</summary>
    public IReadOnlyList<int> JoinedItemKeys { get; init; } = [];

    /// <summary>Version of the statistics for the factor store.</summary>
    public long Revision { get; init; }
}
