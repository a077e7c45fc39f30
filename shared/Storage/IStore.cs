using System.Text.Json;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Recommender.Storage.Users;

namespace Recommender.Storage;

/// <summary>
/// The durable truth: interactions, catalogue, users, models. PostgreSQL for servers, SQLite embedded; both pass the same
/// contract tests. Every write is atomic and applying it twice has the effect of applying it once.
/// </summary>
/// <remarks>
/// Users and items have permanent integer <b>keys</b> (surrogate keys, from 1, never reused) in addition to their external ids.
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

    /// <summary>Writes everything the store holds, as of one moment, while it stays in use. The result restores into either
    /// database.</summary>
    Task BackupAsync(Stream destination, CancellationToken cancellationToken);

    /// <summary>Restores a backup into this empty, migrated store, wholly or not at all.</summary>
    /// <exception cref="InvalidOperationException">The store is not empty, or the backup is of a newer schema.</exception>
    /// <exception cref="InvalidDataException">Not a backup, or cut short.</exception>
    Task RestoreAsync(Stream source, CancellationToken cancellationToken);

    /// <summary>
    /// Restores a backup as if nothing had occurred after <paramref name="until"/>: without later events, with the popularity and trends of
    /// the
    /// others, and without models, which must be trained again. Catalogue, profiles, merges, erasures and settings are those of the backup.
    /// </summary>
    Task RestoreUntilAsync(Stream source, DateTimeOffset until, CancellationToken cancellationToken);
}
