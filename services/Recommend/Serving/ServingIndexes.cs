using Recommender.FactorStore;

namespace Recommender.Recommend.Serving;

/// <summary>What is served now, and how the refresher fares. Written by the refresher, read by every request.</summary>
internal sealed class ServingIndexes(TimeProvider clock, ILogger<ServingIndexes> logger)
{
    private readonly Lock _changing = new();
    private ServingState _state = new(null, new Catalogue([], clock));
    private long _answers;

    public ServingState State => Volatile.Read(ref _state);

    /// <summary>Null while the factor store answers; otherwise why it does not. Requests do not ask a store that is known to be
    /// gone.</summary>
    public string? FactorStoreProblem { get; private set; } = "has not answered yet";

    /// <summary>Why a released model could not be loaded; null when all is well.</summary>
    public string? ModelProblem { get; set; }

    /// <summary>Whether the catalogue has been read to its end once.</summary>
    public bool IsLoaded { get; set; }

    public long? LoadingVersion { get; set; }
    public string? Generation { get; set; }
    public long Sequence { get; set; }
    public DateTimeOffset? RefreshedAt { get; private set; }

    public long Answers => Volatile.Read(ref _answers);

    public long CountAnswer() => Interlocked.Increment(ref _answers);

    /// <summary>Serves another model, or another catalogue.</summary>
    public void Serve(ServingModel? model, Catalogue catalogue)
    {
        var state = ServingState.WithFactors(model, catalogue);
        using var scope = _changing.EnterScope();
        Volatile.Write(ref _state, state with { Transitions = _state.Transitions });
    }

    /// <summary>Serves other transitions.</summary>
    public void Serve(ServingTransitions? transitions)
    {
        using var scope = _changing.EnterScope();
        Volatile.Write(ref _state, _state with { Transitions = transitions });
    }

    /// <summary>From here on requests do not ask the factor store, until a refresh succeeds.</summary>
    public void MarkStoreUnavailable(FactorStoreUnavailableException e)
    {
        bool isNew = FactorStoreProblem is null || (RefreshedAt is null && FactorStoreProblem != e.Message);
        FactorStoreProblem = e.Message;
        if (isNew) logger.StoreLost(e);
    }

    /// <summary>A refresh succeeded: the factor store is available.</summary>
    public void MarkRefreshed()
    {
        if (FactorStoreProblem is not null && RefreshedAt is not null) logger.StoreReturned();
        FactorStoreProblem = null;
        RefreshedAt = clock.GetUtcNow();
    }
}
