namespace Recommender.Storage.Events;

/// <param name="Removed">Number of removed events.</param>
/// <param name="UserKeys">Users of the removed events, to be folded in again.</param>
/// <param name="Items">Current statistics of the items whose statistics changed.</param>
/// <param name="Revision">Version of the statistics for the factor store.</param>
public sealed record RemovedSlice(int Removed, IReadOnlyList<int> UserKeys, IReadOnlyList<ItemStatistics> Items, long Revision);
