using Recommender.Contracts;

namespace Recommender.Storage;

public interface IModelRegistry
{
    /// <summary>Saves a model under the next version, which is returned; <see cref="ModelInfo.Version"/> of <paramref name="info"/> is
    /// ignored. Not released yet.</summary>
    Task<long> SaveModelAsync(ModelInfo info, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(int limit, CancellationToken cancellationToken);

    Task<ModelInfo?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task<ModelInfo?> GetReleasedModelAsync(CancellationToken cancellationToken);

    /// <summary>The model's bytes; null when the version is unknown or its bytes have been pruned.</summary>
    Task<byte[]?> ReadModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>Makes a version the released one and retires the one before, in one transaction. Null when its bytes are not
    /// there.</summary>
    Task<ModelInfo?> ReleaseModelAsync(long version, DateTimeOffset releasedAt, CancellationToken cancellationToken);

    /// <summary>Drops the bytes (not the record) of all but the newest <paramref name="keep"/> models and the released one; returns the
    /// versions dropped.</summary>
    Task<IReadOnlyList<long>> PruneModelsAsync(int keep, CancellationToken cancellationToken);

    /// <summary>The right to train: at most one holder among all processes. Null when another holds it. Lost with the holder's
    /// connection.</summary>
    Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken);
}
