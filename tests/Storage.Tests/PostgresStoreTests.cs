using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Recommender.Storage.Tests;

public sealed class PostgresStoreTests(Servers servers) : StoreContract
{
    private string connectionString = "";

    protected override async Task CreateAsync() => connectionString = await servers.NewDatabaseAsync();

    protected override Task<IStore> OpenAsync() => Task.FromResult(Stores.Open(connectionString, "", Settings));

    protected override Task DropAsync() => Task.CompletedTask;
}
