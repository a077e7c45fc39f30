using Recommender.Storage;

namespace Recommender.Trainer.Releasing;

/// <summary>The loaded released model, for all fold-ins of the process.</summary>
public sealed class ReleasedModel(IStore store)
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile FoldInModel? _current;

    /// <summary>Null before the first release.</summary>
    public FoldInModel? Current => _current;

    /// <summary>Loads the released version of the registry if it is not loaded. Returns whether the model changed.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            var released = await store.GetReleasedModelAsync(cancellationToken);
            if (released is null || released.Version == _current?.Version) return false;
            if (await store.ReadModelAsync(released.Version, cancellationToken) is not { } package) return false;
            _current = FoldInModel.Decode(released.Version, package);
            return true;
        }
        finally
        {
            _loading.Release();
        }
    }
}
