using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Users;

/// <summary>The user's history as of <see cref="PriorRevision"/> becomes that of the batch's revision by adding
/// <see cref="Events"/>.</summary>
/// <param name="PriorRevision">The user's revision before the batch; 0 for a user who is new.</param>
/// <param name="Events">In the order of their sequences.</param>
public sealed record UserAddition(int UserKey, UserRef User, long PriorRevision, IReadOnlyList<StoredEvent> Events);
