namespace Recommender.Trainer.Control;

public enum ReleaseOutcome
{
    Released,

    /// <summary>The model's bytes are not there any more.</summary>
    Dropped,

    StoreUnavailable,

    /// <summary>The registry has the release; the factor store gets it when it is back.</summary>
    FactorStoreUnavailable,
}
