using Recommender.LocalServers;
using StackExchange.Redis;
using Xunit;

namespace Recommender.FactorStore.Tests;

/// <summary>
/// A server of the assembly and connections to it that all tests of a class share: opening and closing them takes a second.
/// </summary>
public abstract class ServedConnections : IAsyncLifetime
{
    public IFactorStore One { get; private set; } = null!;
    public IFactorStore Another { get; private set; } = null!;
    public ConnectionMultiplexer Past { get; private set; } = null!;

    protected abstract Task<RedisCompatibleServer> ServerAsync();

    public async ValueTask InitializeAsync()
    {
        var server = await ServerAsync();
        One = FactorStores.Open(server.ConnectionString);
        Another = FactorStores.Open(server.ConnectionString);
        Past = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString + ",allowAdmin=true");
    }

    public Task EmptyAsync() => Past.GetServer(Past.GetEndPoints()[0]).FlushAllDatabasesAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Past is null) return;
        await One.DisposeAsync();
        await Another.DisposeAsync();
        Past.Dispose();
    }
}
