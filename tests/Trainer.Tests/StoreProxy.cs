using System.Reflection;
using Recommender.Storage;

namespace Recommender.Trainer.Tests;

/// <summary>A store whose calls a test sees, and may answer in place of the store.</summary>
public class StoreProxy : DispatchProxy
{
    private IStore _store = null!;
    private Func<MethodInfo, object?[], object?> _instead = null!;

    /// <param name="instead">Is given every call; null lets the store answer.</param>
    public static IStore Over(IStore store, Func<MethodInfo, object?[], object?> instead)
    {
        var proxy = Create<IStore, StoreProxy>();
        ((StoreProxy)(object)proxy)._store = store;
        ((StoreProxy)(object)proxy)._instead = instead;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _instead(targetMethod!, args!) ?? targetMethod!.Invoke(_store, args);
}
