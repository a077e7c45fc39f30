namespace Recommender.Trainer.Control;

public enum ReleaseOutcome
{
    Released,

    /// <summary>The model's bytes no longer exist.</summary>
    Dropped,

    StoreUnavailable,

    /// <summary>The registry has the release. The factor store gets it once it is available.</summary>
    FactorStoreUnavailable,
}
