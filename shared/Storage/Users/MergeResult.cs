using Recommender.Storage.Events;

namespace Recommender.Storage.Users;

/// <param name="Moved">Events moved.</param>
/// <param name="UserKey">Null when neither had events.</param>
/// <param name="SessionKey">Null when the session is unknown.</param>
public sealed record MergeResult(int Moved, int? UserKey, int? SessionKey)
{
    /// <summary>
    /// Statistics of items that may have changed; of a merge that had been carried out before, those of every item of the user.
    /// </summary>
    public IReadOnlyList<ItemStatistics> Items { get; init; } = [];

    /// <summary>
    /// Items of the session where the user had events of it before, so that its events are paired with others than before.
    /// </summary>
    public IReadOnlyList<int> JoinedItemKeys { get; init; } = [];

    /// <summary>The version to write the statistics under.</summary>
    public long Revision { get; init; }
}
