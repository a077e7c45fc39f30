using Recommender.Contracts;

namespace Recommender.Storage;

public interface IModelRegistry
{
    /// <summary>
    /// Saves a model without releasing it, and returns its version. <see cref="ModelInfo.Version"/> of <paramref name="info"/> is ignored.
    /// </summary>
    Task<long> SaveModelAsync(ModelInfo info, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(int limit, CancellationToken cancellationToken);

    Task<ModelInfo?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task<ModelInfo?> GetReleasedModelAsync(CancellationToken cancellationToken);

    /// <summary>The model's bytes; null if the version is unknown or its bytes have been pruned.</summary>
    Task<byte[]?> ReadModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>Releases a version and retires the previous one, in one transaction. Null if its bytes do not exist.</summary>
    Task<ModelInfo?> ReleaseModelAsync(long version, DateTimeOffset releasedAt, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the bytes (not the record) of all models except the newest <paramref name="keep"/> and the released one. Returns the pruned
    /// versions.
    /// </summary>
    Task<IReadOnlyList<long>> PruneModelsAsync(int keep, CancellationToken cancellationToken);

    /// <summary>
    /// Acquires the lease for training, which at most one process has. Null if another process has it. It ends with the connection of its
    /// holder.
    /// </summary>
    Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken);
}
