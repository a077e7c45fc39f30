using Recommender.Contracts;

namespace Recommender.Storage.Users;

public interface IUserStore
{
    /// <summary>Replaces the user's profile. A profile accepted before the user's erasure that arrives after it is dropped.</summary>
    Task PutUserAsync(string userId, UserProfile profile, DateTimeOffset acceptedAt, CancellationToken cancellationToken);

    Task PutUserAsync(string userId, UserProfile profile, CancellationToken cancellationToken) =>
        PutUserAsync(userId, profile, DateTimeOffset.UtcNow, cancellationToken);

    /// <summary>
    /// Moves the session's events to the user: those it has now, and those from before <paramref name="mergedAt"/> that arrive later.
    /// Events of the session after the merge stay with the session. The same merge (session and time) again changes nothing.
    /// Where both had events on an item, they are one user of it from then on. Returns the keys of both users where they exist, so that
    /// they can be folded in again, and the items whose statistics changed.
    /// </summary>
    /// <param name="mergedAt">When the merge was accepted.</param>
    Task<MergeResult> MergeSessionAsync(string sessionId, string userId, DateTimeOffset mergedAt, CancellationToken cancellationToken);

    Task<MergeResult> MergeSessionAsync(string sessionId, string userId, CancellationToken cancellationToken) =>
        MergeSessionAsync(sessionId, userId, DateTimeOffset.UtcNow, cancellationToken);

    /// <summary>
    /// Removes the user, their events and properties, and takes them back out of the items' statistics. Leaves a tombstone,
    /// so that events from before <paramref name="requestedAt"/> that arrive later are dropped. Repeating it changes nothing.
    /// </summary>
    Task<ErasedUser> EraseUserAsync(string userId, string erasureId, DateTimeOffset requestedAt, CancellationToken cancellationToken);

    /// <summary>Erasures that are carried out in the store and not yet everywhere else, oldest first.</summary>
    Task<IReadOnlyList<Erasure>> ListOpenErasuresAsync(CancellationToken cancellationToken);

    /// <summary>Null for an unknown erasure.</summary>
    Task<Erasure?> ReadErasureAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// Saves due time, user id and stages of an erasure that was read before; the model version is left alone.
    /// The time first given for a stage stands.
    /// False, and nothing is changed, if the erasure was saved by another since it was read.
    /// </summary>
    Task<bool> SaveErasureAsync(Erasure erasure, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the erasures that are due, at most <paramref name="limit"/>, and moves their due time, so that no other caller gets them
    /// before it.
    /// </summary>
    Task<IReadOnlyList<string>> ClaimDueErasuresAsync(
        DateTimeOffset now, DateTimeOffset nextDue, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Records the first model version that was trained without the users of these erasures, and makes those due that wait for nothing
    /// else.
    /// </summary>
    Task SetErasureModelAsync(IReadOnlyList<string> erasureIds, long modelVersion, DateTimeOffset at, CancellationToken cancellationToken);

    Task<ErasureResponse?> GetErasureAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>The revision of an erasure, for <c>IFactorStore.EraseUsersAsync</c>: above every revision of the user before, below every
    /// one after. Null for an unknown erasure.</summary>
    Task<long?> GetErasureRevisionAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of the erasures that have not reached the stage, oldest first. Read those missing <c>model</c> before reading training data:
    /// the model then trained is the first without these users.
    /// </summary>
    Task<IReadOnlyList<string>> ListPendingErasuresAsync(string stage, CancellationToken cancellationToken);

    /// <summary>Null for an unknown user.</summary>
    Task<UserExport?> ExportUserAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Users (not sessions) whose id starts with <paramref name="prefix"/>, those with most events first.</summary>
    Task<IReadOnlyList<UserSummary>> ListUsersAsync(string prefix, int limit, CancellationToken cancellationToken);
}
