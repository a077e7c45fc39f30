namespace Recommender.Storage.Events;

/// <param name="Removed">Events removed.</param>
/// <param name="UserKeys">Users who lost some: to be folded in again.</param>
/// <param name="Items">Items whose statistics changed, with what they are now.</param>
/// <param name="Revision">The version to write the statistics under.</param>
public sealed record RemovedSlice(int Removed, IReadOnlyList<int> UserKeys, IReadOnlyList<ItemStatistics> Items, long Revision);
