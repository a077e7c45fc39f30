using System.Reflection;
using Recommender.FactorStore;

namespace Recommender.Trainer.Tests.Transitions;

/// <summary>A factor store whose transition rows cannot be written for a time, or not before something else has happened.</summary>
public class UnavailableTransitions : DispatchProxy
{
    private IFactorStore _inner = null!;

    public bool IsGone { get; set; }

    /// <summary>Runs before the next write, once.</summary>
    public Func<Task>? BeforePut { get; set; }

    public static (IFactorStore Store, UnavailableTransitions Control) Over(IFactorStore inner)
    {
        var store = Create<IFactorStore, UnavailableTransitions>();
        var control = (UnavailableTransitions)(object)store;
        control._inner = inner;
        return (store, control);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == "PutTransitionsAsync")
        {
            if (IsGone) throw new FactorStoreUnavailableException("The factor store is gone.");
            var before = BeforePut;
            BeforePut = null;
            before?.Invoke().GetAwaiter().GetResult();
        }

        return targetMethod.Invoke(_inner, args);
    }
}
