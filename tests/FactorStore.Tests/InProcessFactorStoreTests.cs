namespace Recommender.FactorStore.Tests;

public sealed class InProcessFactorStoreTests : FactorStoreContract
{
    protected override Task<IFactorStore> CreateAsync() => Task.FromResult(FactorStores.Open(null));

    protected override Task<IFactorStore> OpenAnotherAsync() => Task.FromResult(Store);
}
