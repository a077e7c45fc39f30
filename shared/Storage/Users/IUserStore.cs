using Recommender.Contracts;

namespace Recommender.Storage.Users;

public interface IUserStore
{
    /// <summary>Replaces the user's profile. A profile that was accepted before the user's erasure is dropped.</summary>
    Task PutUserAsync(string userId, UserProfile profile, DateTimeOffset acceptedAt, CancellationToken cancellationToken);

    Task PutUserAsync(string userId, UserProfile profile, CancellationToken cancellationToken) =>
        PutUserAsync(userId, profile, DateTimeOffset.UtcNow, cancellationToken);

    /// <summary>
    /// Moves the session's events to the user: the current ones, and those from before <paramref name="mergedAt"/> that arrive later. Later
    /// events stay with the session. Repeating the same merge (session and time) has no effect. If both had events on an item, they count
    /// as one user. Returns the keys of both, to fold them in again, and the items whose statistics changed.
    /// </summary>
    /// <param name="mergedAt">When the merge was accepted.</param>
    Task<MergeResult> MergeSessionAsync(string sessionId, string userId, DateTimeOffset mergedAt, CancellationToken cancellationToken);

    Task<MergeResult> MergeSessionAsync(string sessionId, string userId, CancellationToken cancellationToken) =>
        MergeSessionAsync(sessionId, userId, DateTimeOffset.UtcNow, cancellationToken);

    /// <summary>
    /// Removes the user with their events and properties, and subtracts them from the items' statistics. Leaves a tombstone, so that events
    /// from before <paramref name="requestedAt"/> that arrive later are dropped. Repeating it has no effect.
    /// </summary>
    Task<ErasedUser> EraseUserAsync(string userId, string erasureId, DateTimeOffset requestedAt, CancellationToken cancellationToken);

    /// <summary>Erasures that are complete in the store but not everywhere else, oldest first.</summary>
    Task<IReadOnlyList<Erasure>> ListOpenErasuresAsync(CancellationToken cancellationToken);

    /// <summary>Null for an unknown erasure.</summary>
    Task<Erasure?> ReadErasureAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// Saves due time, user id and stages of an erasure, but not its model version. An existing time of a stage is kept. False, without a
    /// change, if the erasure was saved by another caller since it was read.
    /// </summary>
    Task<bool> SaveErasureAsync(Erasure erasure, CancellationToken cancellationToken);

    /// <summary>
    /// Returns at most <paramref name="limit"/> due erasures, and postpones their due time, so that no other caller gets them before.
    /// </summary>
    Task<IReadOnlyList<string>> ClaimDueErasuresAsync(
        DateTimeOffset now, DateTimeOffset nextDue, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Records the first model version that was trained without the users of these erasures. Erasures without other open stages become due.
    /// </summary>
    Task SetErasureModelAsync(IReadOnlyList<string> erasureIds, long modelVersion, DateTimeOffset at, CancellationToken cancellationToken);

    Task<ErasureResponse?> GetErasureAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// The revision of an erasure, for <c>IFactorStore.EraseUsersAsync</c>: above all earlier revisions of the user, below all later ones.
    /// Null for an unknown erasure.
    /// </summary>
    Task<long?> GetErasureRevisionAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of the erasures that have not reached the stage, oldest first. Read those missing <c>model</c> before reading training data:
    /// the model then trained is the first without these users.
    /// </summary>
    Task<IReadOnlyList<string>> ListPendingErasuresAsync(string stage, CancellationToken cancellationToken);

    /// <summary>Null for an unknown user.</summary>
    Task<UserExport?> ExportUserAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Users (not sessions) whose id starts with <paramref name="prefix"/>, by descending number of events.</summary>
    Task<IReadOnlyList<UserSummary>> ListUsersAsync(string prefix, int limit, CancellationToken cancellationToken);
}
