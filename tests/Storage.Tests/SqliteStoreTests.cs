using Microsoft.Data.Sqlite;

namespace Recommender.Storage.Tests;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "store-" + Guid.NewGuid().ToString("N"));

    private string DatabasePath => Path.Combine(folder, "recommender.db");

    protected override Task CreateAsync() => Task.CompletedTask;

    protected override Task<IStore> OpenAsync() => Task.FromResult(Stores.Open(null, DatabasePath, Settings));

    protected override async Task RecreateAsync(Func<IStore, Task> work)
    {
        await using var store = Stores.Open(null, Path.Combine(folder, "empty", "other.db"), Settings);
        await store.MigrateAsync(Stop);
        await work(store);
    }

    protected override Task ExecuteAsync(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        SqliteDatabase.Execute(connection, sql);
        return Task.CompletedTask;
    }

    protected override Task DropAsync()
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}
