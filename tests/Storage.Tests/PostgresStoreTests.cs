using Npgsql;
using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Recommender.Storage.Tests;

public sealed class PostgresStoreTests(Servers servers) : StoreContract
{
    private string connectionString = "";

    protected override async Task CreateAsync() => connectionString = await servers.NewDatabaseAsync();

    protected override Task<IStore> OpenAsync() => Task.FromResult(Stores.Open(connectionString, "", Settings));

    protected override async Task RecreateAsync(Func<IStore, Task> work)
    {
        await using var store = Stores.Open(await servers.NewDatabaseAsync(), "", Settings);
        await store.MigrateAsync(Stop);
        await work(store);
    }

    protected override async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }

    protected override Task DropAsync() => Task.CompletedTask;
}
