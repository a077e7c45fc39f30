namespace Recommender.Storage.Tests;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "store-" + Guid.NewGuid().ToString("N"));

    private string DatabasePath => Path.Combine(folder, "recommender.db");

    protected override Task CreateAsync() => Task.CompletedTask;

    protected override Task<IStore> OpenAsync() => Task.FromResult(Stores.Open(null, DatabasePath, Settings));

    protected override Task DropAsync()
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}
