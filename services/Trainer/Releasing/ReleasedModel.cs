using Recommender.Storage;

namespace Recommender.Trainer.Releasing;

/// <summary>The released model, loaded. Everything in this process that folds in takes it from here.</summary>
public sealed class ReleasedModel(IStore store)
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile FoldInModel? _current;

    /// <summary>Null until something has been released.</summary>
    public FoldInModel? Current => _current;

    /// <summary>Loads the registry's released version if it is not the one in hand. Returns true when it changed.</summary>
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
