using System.Text.Json;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Recommender.Storage.Insights;
using Recommender.Storage.Served;
using Recommender.Storage.Users;

namespace Recommender.Storage;

/// <summary>
/// The system of record: interactions, catalogue, users, models. PostgreSQL for servers, SQLite embedded; both pass the same contract
/// tests. Every write is atomic and idempotent.
/// </summary>
/// <remarks>
/// Users and items have permanent integer <b>keys</b> (surrogate keys from 1, never reused) in addition to their external ids. They differ
/// from the 0-based index of an item in a model. If the database is unavailable, methods throw a <see cref="StoreUnavailableException"/>,
/// and the caller retries.
/// </remarks>
public interface IStore : IInteractionStore, ICatalogueStore, IVectorStore, IUserStore, IModelRegistry, IServedStore, IInsightsStore,
    IAsyncDisposable
{
    /// <summary>
    /// Migrates the schema to the current version, and recounts the item statistics if they were counted with other <see
    /// cref="StatisticsSettings"/>. Several processes may call it concurrently. Fails for a schema newer than this program.
    /// </summary>
    Task MigrateAsync(CancellationToken cancellationToken);

    Task<StoreStatus> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether all item statistics were recounted since <see cref="NoteStatisticsCopiedAsync"/>, so that copies are out of date.
    /// </summary>
    Task<bool> AreStatisticsRecountedAsync(CancellationToken cancellationToken);

    /// <summary>Records that copies of the statistics are up to date.</summary>
    Task NoteStatisticsCopiedAsync(CancellationToken cancellationToken);

    /// <summary>A small JSON value by name, such as tuned settings; null if absent.</summary>
    Task<JsonElement?> GetSettingAsync(string name, CancellationToken cancellationToken);

    Task PutSettingAsync(string name, JsonElement value, CancellationToken cancellationToken);

    /// <summary>Writes a consistent snapshot of all data, while the store is in use. It can be restored into either database.</summary>
    Task BackupAsync(Stream destination, CancellationToken cancellationToken);

    /// <summary>Restores a backup atomically into this empty, migrated store.</summary>
    /// <exception cref="InvalidOperationException">The store is not empty, or the backup is of a newer schema.</exception>
    /// <exception cref="InvalidDataException">Not a backup, or truncated.</exception>
    Task RestoreAsync(Stream source, CancellationToken cancellationToken);

    /// <summary>
    /// Restores a backup without events that occurred after <paramref name="until"/>, with the popularity and trend of the remaining ones,
    /// and without models, which must be trained again. Catalogue, profiles, merges, erasures and settings are those of the backup.
    /// </summary>
    Task RestoreUntilAsync(Stream source, DateTimeOffset until, CancellationToken cancellationToken);
}
