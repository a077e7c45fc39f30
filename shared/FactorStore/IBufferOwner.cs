namespace Recommender.FactorStore;

internal interface IBufferOwner
{
    /// <summary>Returns the buffer to its owner.</summary>
    void Return();
}
