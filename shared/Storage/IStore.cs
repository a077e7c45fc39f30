using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts;

namespace Recommender.Storage;

/// <summary>
/// The durable truth: interactions, catalogue, users, models. PostgreSQL for servers, SQLite embedded; both pass the same
/// contract tests. Every write is atomic and applying it twice has the effect of applying it once.
/// </summary>
/// <remarks>
/// Users and items have permanent integer <b>keys</b> (surrogate keys, from 1, never reused) beside their external ids.
/// A model's 0-based index of an item is its position in that model and is something else.
/// Failures of the database surface as <see cref="StoreUnavailableException"/>; the caller retries.
/// </remarks>
public interface IStore : IInteractionStore, ICatalogueStore, IUserStore, IModelRegistry, IAsyncDisposable
{
    /// <summary>
    /// Brings the schema to the current version, and recounts the item statistics where they were counted by other
    /// <see cref="StatisticsSettings"/>. Safe to call from several processes at once. Refuses a schema newer than this program.
    /// </summary>
    Task MigrateAsync(CancellationToken cancellationToken);

    Task<StoreStatus> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether all item statistics were recounted since <see cref="NoteStatisticsCopiedAsync"/>, so that copies of them are out of date.
    /// </summary>
    Task<bool> AreStatisticsRecountedAsync(CancellationToken cancellationToken);

    /// <summary>Notes that copies of the statistics are up to date.</summary>
    Task NoteStatisticsCopiedAsync(CancellationToken cancellationToken);

    /// <summary>A small JSON value by name (tuned settings and the like); null when absent.</summary>
    Task<JsonElement?> GetSettingAsync(string name, CancellationToken cancellationToken);

    Task PutSettingAsync(string name, JsonElement value, CancellationToken cancellationToken);

    /// <summary>Writes everything the store holds, as of one moment, while it goes on working. The result restores into either database.</summary>
    Task BackupAsync(Stream destination, CancellationToken cancellationToken);

    /// <summary>Restores a backup into this empty, migrated store, wholly or not at all.</summary>
    /// <exception cref="InvalidOperationException">The store is not empty, or the backup is of a newer schema.</exception>
    /// <exception cref="InvalidDataException">Not a backup, or cut short.</exception>
    Task RestoreAsync(Stream source, CancellationToken cancellationToken);

    /// <summary>
    /// Restores a backup as if nothing had occurred after <paramref name="until"/>: without later events, with the popularity and trends of the
    /// others, and without models, which are to be learnt anew. Catalogue, profiles, merges, erasures and settings are those of the backup.
    /// </summary>
    Task RestoreUntilAsync(Stream source, DateTimeOffset until, CancellationToken cancellationToken);
}

public interface IInteractionStore
{
    /// <summary>
    /// Stores the events whose id is new, in one transaction, and brings the statistics of their items up to date.
    /// Events are valid and complete (<see cref="Interaction.EventId"/>, <see cref="Interaction.OccurredAt"/> set).
    /// Events of an erased user from before the erasure are dropped and counted. An event whose id is known is a duplicate if its content is the same,
    /// else a conflict, which is not stored: the caller keeps it.
    /// </summary>
    Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions, CancellationToken cancellationToken);

    /// <summary>
    /// The whole history of each user, as of one moment: <see cref="UserEvents.Revision"/> and events belong together.
    /// Unknown keys are left out.
    /// </summary>
    Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys, CancellationToken cancellationToken);

    /// <summary>Every event with a sequence of at most <paramref name="upToSequence"/>, ordered by (occurredAt, sequence), for training.</summary>
    Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the events that occurred before a time, and takes them back out of users and items, slice by slice, each in a short transaction of
    /// its own. From the start of the call on, events from before that time are dropped on arrival. Stopping early leaves the rest for the next call.
    /// </summary>
    IAsyncEnumerable<RemovedSlice> RemoveEventsBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Names of event types; the position is <see cref="StoredEvent.TypeId"/>.</summary>
    Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken);

    /// <summary>How many events of each type each item has, of those with a sequence above <paramref name="afterSequence"/> up to <paramref name="upToSequence"/>.</summary>
    Task<IReadOnlyList<EventCount>> CountEventsAsync(long afterSequence, long upToSequence, CancellationToken cancellationToken);

    /// <summary>
    /// Keys of users of an item, those with the newest positive event first and those without one last, at most <paramref name="limit"/>.
    /// </summary>
    Task<IReadOnlyList<int>> ListUsersOfItemAsync(int itemKey, int limit, CancellationToken cancellationToken);

    /// <summary>Keys of users above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<int>> ListUserKeysAsync(int afterKey, int limit, CancellationToken cancellationToken);
}

public interface ICatalogueStore
{
    /// <summary>
    /// Applies PutItem, PatchItem and DeleteItem commands in order, in one transaction, and returns the entries as they are afterwards.
    /// A command that would make its item invalid, or whose condition does not hold, is returned in <see cref="CatalogueResult.Failed"/> and changes nothing.
    /// A change that was applied to its item before (<see cref="Command.ChangeId"/>) and a patch of a deleted item are ignored and counted.
    /// A vector of another length than the catalogue's fails; a deleted item has none.
    /// Deleting an unknown item leaves a tombstone: events on the item do not make it available, a put does.
    /// </summary>
    Task<CatalogueResult> ApplyCatalogueAsync(IReadOnlyList<Command> commands, CancellationToken cancellationToken);

    /// <summary>The one length of the vectors of the catalogue; null when no item has a vector.</summary>
    Task<int?> GetVectorLengthAsync(CancellationToken cancellationToken);

    /// <summary>The entry of an item, deleted ones and those known only from events too; null for an unknown item.</summary>
    Task<CatalogueEntry?> GetItemAsync(string itemId, CancellationToken cancellationToken);

    /// <summary>Entries with a key above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>, deleted ones too.</summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(int afterKey, int limit, CancellationToken cancellationToken);

    /// <summary>The entries of these keys, ascending, deleted ones too; unknown keys are left out.</summary>
    Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken);
}

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
    /// Returns the erasures that are due, at most <paramref name="limit"/>, and moves their due time, so that no other caller gets them before it.
    /// </summary>
    Task<IReadOnlyList<string>> ClaimDueErasuresAsync(
        DateTimeOffset now, DateTimeOffset nextDue, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Records the first model version that was trained without the users of these erasures, and makes those due that wait for nothing else.
    /// </summary>
    Task SetErasureModelAsync(IReadOnlyList<string> erasureIds, long modelVersion, DateTimeOffset at, CancellationToken cancellationToken);

    Task<ErasureResponse?> GetErasureAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>The revision of an erasure, for <c>IFactorStore.EraseUsersAsync</c>: above every revision of the user before, below every one after. Null for an unknown erasure.</summary>
    Task<long?> GetErasureRevisionAsync(string erasureId, CancellationToken cancellationToken);

    /// <summary>
    /// Erasures that have not reached the stage, oldest first. Read those missing <c>model</c> before reading training data:
    /// the model then trained is the first without these users.
    /// </summary>
    Task<IReadOnlyList<ErasureResponse>> ListPendingErasuresAsync(string stage, CancellationToken cancellationToken);

    /// <summary>Null for an unknown user.</summary>
    Task<UserExport?> ExportUserAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Users (not sessions) whose id starts with <paramref name="prefix"/>, those with most events first.</summary>
    Task<IReadOnlyList<UserSummary>> ListUsersAsync(string prefix, int limit, CancellationToken cancellationToken);
}

public interface IModelRegistry
{
    /// <summary>Saves a model under the next version, which is returned; <see cref="ModelInfo.Version"/> of <paramref name="info"/> is ignored. Not released yet.</summary>
    Task<long> SaveModelAsync(ModelInfo info, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(int limit, CancellationToken cancellationToken);

    Task<ModelInfo?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task<ModelInfo?> GetReleasedModelAsync(CancellationToken cancellationToken);

    /// <summary>The model's bytes; null when the version is unknown or its bytes have been pruned.</summary>
    Task<byte[]?> ReadModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>Makes a version the released one and retires the one before, in one transaction. Null when its bytes are not there.</summary>
    Task<ModelInfo?> ReleaseModelAsync(long version, DateTimeOffset releasedAt, CancellationToken cancellationToken);

    /// <summary>Drops the bytes (not the record) of all but the newest <paramref name="keep"/> models and the released one; returns the versions dropped.</summary>
    Task<IReadOnlyList<long>> PruneModelsAsync(int keep, CancellationToken cancellationToken);

    /// <summary>The right to train: at most one holder among all processes. Null when another holds it. Lost with the holder's connection.</summary>
    Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken);
}

/// <summary>The database cannot be reached or refuses work for now. Nothing was changed.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>There is no space left: retrying helps only after an operator has made some.</summary>
    public bool IsFull { get; init; }
}

/// <param name="Events">Events stored.</param>
/// <param name="Users">Users and sessions with events or a profile.</param>
/// <param name="Items">Items known, deleted ones not counted.</param>
/// <param name="Sequence">Highest event sequence; 0 when there is none.</param>
/// <param name="LastStoredAt">When the newest event was stored.</param>
public sealed record StoreStatus(long Events, long Users, long Items, long Sequence, DateTimeOffset? LastStoredAt)
{
    public StatusCounters Counters { get; init; } = new();
}

public readonly record struct EventCount(int ItemKey, short TypeId, long Events);

public sealed record StoredBatch
{
    public required int Stored { get; init; }
    public required int Duplicates { get; init; }

    /// <summary>Events whose id another event has, with other content, in the order of the batch.</summary>
    public IReadOnlyList<EventConflict> Conflicts { get; init; } = [];

    /// <summary>Events of erased users, and events older than what is kept.</summary>
    public required int Dropped { get; init; }

    /// <summary>Every user named in the batch and not erased, also of duplicates: after a crash they still have to be folded in.</summary>
    public required IReadOnlyList<int> UserKeys { get; init; }

    /// <summary>What the batch added to the histories of its users. Users without new events are left out.</summary>
    public IReadOnlyList<UserAddition> Additions { get; init; } = [];

    /// <summary>Every item named in the batch, also of duplicates, with its statistics after the batch.</summary>
    public required IReadOnlyList<ItemStatistics> Items { get; init; }

    /// <summary>Highest sequence of the store after the batch.</summary>
    public required long Sequence { get; init; }

    /// <summary>The store's revision after the batch, which <see cref="Items"/> belong to: the version to write their statistics under.</summary>
    public long Revision { get; init; }
}

/// <param name="Index">Position in the batch.</param>
/// <param name="Field">The first field that differs from the event that has the id.</param>
public readonly record struct EventConflict(int Index, string Field);

/// <summary>Whoever knows the user's history as of <see cref="PriorRevision"/> knows it as of the batch's revision by adding <see cref="Events"/>.</summary>
/// <param name="PriorRevision">The user's revision before the batch; 0 for a user who is new.</param>
/// <param name="Events">In the order of their sequences.</param>
public sealed record UserAddition(int UserKey, UserRef User, long PriorRevision, IReadOnlyList<StoredEvent> Events);

/// <param name="Removed">Events removed.</param>
/// <param name="UserKeys">Users who lost some: to be folded in again.</param>
/// <param name="Items">Items whose statistics changed, with what they are now.</param>
/// <param name="Revision">The version to write the statistics under.</param>
public sealed record RemovedSlice(int Removed, IReadOnlyList<int> UserKeys, IReadOnlyList<ItemStatistics> Items, long Revision);

/// <param name="Users">Users who count: those with a positive preference for the item. Exact.</param>
/// <param name="Popularity">
/// Base-2 logarithm of the sum over these users of 2^((t − epoch) / half-life), t the time of the user's newest positive event on the item;
/// comparable at any time. −∞ when there is none.
/// </param>
/// <param name="Trend">The same with the shorter half-life of trends.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] // The statistics of an item without users are negative infinity.
public readonly record struct ItemStatistics(int ItemKey, string ItemId, long Users, double Popularity, double Trend);

/// <summary>One event of a history. <see cref="Value"/> is NaN where the event had none.</summary>
public readonly record struct StoredEvent(int ItemKey, short TypeId, float Value, long OccurredAtMs);

public sealed record UserEvents
{
    public required int UserKey { get; init; }
    public required UserRef User { get; init; }

    /// <summary>Grows with every change of the user's events; orders concurrent fold-ins.</summary>
    public required long Revision { get; init; }

    /// <summary>Oldest first, by (occurredAt, sequence).</summary>
    public required IReadOnlyList<StoredEvent> Events { get; init; }
}

/// <summary>Events as columns of one length, ordered by (occurredAt, sequence).</summary>
public sealed record InteractionLog
{
    public required int[] UserKeys { get; init; }
    public required int[] ItemKeys { get; init; }
    public required short[] TypeIds { get; init; }

    /// <summary>NaN where the event had no value.</summary>
    public required float[] Values { get; init; }

    /// <summary>Milliseconds since 1970, ascending.</summary>
    public required long[] OccurredAtMs { get; init; }

    public int Count => UserKeys.Length;
}

public sealed record CatalogueEntry
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }

    /// <summary>Null for an item that is known only from events.</summary>
    public Item? Item { get; init; }

    public bool Deleted { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Users']"/>
    public long Users { get; init; }

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Popularity']"/>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <inheritdoc cref="ItemStatistics" path="/param[@name='Trend']"/>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>The revision at which attributes or deletion last changed; 0 where they never did. See <see cref="EntityTag"/>.</summary>
    public long Version { get; init; }

    /// <summary>The store's revision this was read at: the version to write it to the factor store under.</summary>
    public long Revision { get; init; }

    /// <summary>When it was first seen; <c>latest</c> orders by <see cref="Item.PublishedAt"/>, else by this.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

public sealed record CatalogueResult
{
    /// <summary>Every item that was named by a command and not by failed ones alone, also where nothing changed.</summary>
    public required IReadOnlyList<CatalogueEntry> Changed { get; init; }

    /// <summary>How many commands were ignored: changes applied before, and patches of deleted items.</summary>
    public int Ignored { get; init; }

    /// <summary>Commands that could not be applied, by position, with the reason.</summary>
    public required IReadOnlyList<RejectedElement> Failed { get; init; }
}

/// <param name="Items">Items whose statistics changed, with what they are now. Null when this very erasure had been carried out before:
/// then they are not known any more.</param>
public sealed record ErasedUser(ErasureResponse Receipt, IReadOnlyList<ItemStatistics>? Items);

/// <param name="Moved">Events moved.</param>
/// <param name="UserKey">Null when neither had events.</param>
/// <param name="SessionKey">Null when the session is unknown.</param>
public sealed record MergeResult(int Moved, int? UserKey, int? SessionKey)
{
    /// <summary>
    /// Statistics of items that may have changed; of a merge that had been carried out before, those of every item of the user.
    /// </summary>
    public IReadOnlyList<ItemStatistics> Items { get; init; } = [];

    /// <summary>The version to write the statistics under.</summary>
    public long Revision { get; init; }
}
