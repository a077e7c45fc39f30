namespace Recommender.FactorStore;

internal interface IBufferOwner
{
    /// <summary>The buffer is free again.</summary>
    void Return();
}
