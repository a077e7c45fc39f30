using Npgsql;
using Recommender.Storage.Events;
using Recommender.Storage.Postgres;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Storage.Tests;

public sealed class PostgresStoreTests(Servers servers) : StoreContract
{
    private string _connectionString = "";

    protected override async Task CreateAsync() => _connectionString = await servers.NewDatabaseAsync();

    protected override Task<IStore> OpenAsync(StatisticsSettings? settings = null) =>
        Task.FromResult(Stores.Open(_connectionString, "", settings ?? Settings));

    protected override async Task RecreateAsync(Func<IStore, Task> work)
    {
        await using var store = Stores.Open(await servers.NewDatabaseAsync(), "", Settings);
        await store.MigrateAsync(Stop);
        await work(store);
    }

    protected override Task ExecuteAsync(string sql) => ExecuteAsync(_connectionString, sql);

    protected override async Task WithoutSchemaAsync(string dialect, Func<IStore, Func<string, Task>, Task> work)
    {
        string database = await servers.NewDatabaseAsync();
        await using var store = Stores.Open(database, "", Settings);
        await work(store, sql => ExecuteAsync(database, sql));
    }

    [Fact]
    public async Task What_Npgsql_has_disposed_of_is_unavailable()
    {
        // A connection that is lost as a command begins ends so as well; that cannot be brought about at will, a closed pool can.
        var store = Stores.Open(_connectionString, "", Settings);
        await store.MigrateAsync(Stop);
        await store.GetStatusAsync(Stop);
        await store.DisposeAsync();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GetStatusAsync(Stop));
        Assert.IsType<ObjectDisposedException>(refusal.InnerException, exactMatch: false);
    }

    [Fact]
    public void A_connection_string_that_states_nothing_gets_the_defaults()
    {
        var settings = PostgresStore.WithDefaults("Host=db");
        Assert.Equal(100, settings.MaxAutoPrepare);
        Assert.True(settings.NoResetOnClose);
        Assert.Equal("recommender", settings.ApplicationName);
        Assert.Equal("-c idle_in_transaction_session_timeout=30s", settings.Options);
    }

    [Theory]
    [InlineData("Max Auto Prepare=0;No Reset On Close=false;Application Name=mine;Options=-c a=b")]
    [InlineData("maxautoprepare=0;noresetonclose=false;applicationname=mine;options=-c a=b")]
    public void A_connection_string_keeps_what_it_states(string stated)
    {
        var settings = PostgresStore.WithDefaults("Host=db;" + stated);
        Assert.Equal(0, settings.MaxAutoPrepare);
        Assert.False(settings.NoResetOnClose);
        Assert.Equal("mine", settings.ApplicationName);
        Assert.Equal("-c a=b", settings.Options);
    }

    [Fact]
    public async Task Statements_that_repeat_are_prepared()
    {
        await using var store = Stores.Open(_connectionString + ";Maximum Pool Size=1", "", Settings);
        for (int n = 0; n < 20; n++) await store.StoreInteractionsAsync([Event($"e{n}", "ann", "a")], Stop);
        // Only its own session sees what is prepared: with one connection in the pool, the event that it stores next does.
        await ExecuteAsync("""
            CREATE FUNCTION prepared() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN CREATE TABLE seen_prepared AS SELECT statement FROM pg_prepared_statements; RETURN NULL; END $$;
            CREATE TRIGGER prepared AFTER INSERT ON audience EXECUTE FUNCTION prepared();
            """);
        await store.StoreInteractionsAsync([Event("last", "ben", "a")], Stop);
        await using var source = NpgsqlDataSource.Create(_connectionString);
        await using var count = source.CreateCommand("SELECT count(*) FROM seen_prepared WHERE statement LIKE '%audience%'");
        Assert.NotEqual(0L, await count.ExecuteScalarAsync(Stop));
    }

    [Fact]
    public Task Every_earlier_schema_upgrades() => EveryEarlierSchemaUpgradesAsync("postgres");

    [Fact]
    public async Task The_lease_ends_with_its_connection()
    {
        await using var lease = await Store.TryAcquireTrainingLeaseAsync(Stop);
        Assert.NotNull(lease);
        await ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE "
                + "datname = current_database())");
        IAsyncDisposable? next = null;
        await Eventually.TrueAsync(async () => (next = await Store.TryAcquireTrainingLeaseAsync(Stop)) is not null);
        await next!.DisposeAsync();
    }

    [Fact]
    public async Task Old_months_go_as_whole_partitions()
    {
        await PutAsync([.. Enumerable.Range(0, 60).Select(n => Event($"e{n}", "ann", "a", at: T0.AddMonths(-n)))]);
        await foreach (var _ in Store.RemoveEventsBeforeAsync(T0.AddMonths(-10), Stop)) continue;
        Assert.Equal(11, (await HistoryAsync(1)).Events.Count);
        await using var source = NpgsqlDataSource.Create(_connectionString);
        await using var count = source.CreateCommand("SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass");
        Assert.Equal(11L, await count.ExecuteScalarAsync(Stop));
        await using var ids = source.CreateCommand("SELECT count(*) FROM event_ids");
        Assert.Equal(11L, await ids.ExecuteScalarAsync(Stop));
    }

    [Fact]
    public async Task A_store_that_cannot_be_reached_says_so_and_goes_on_when_it_is_back()
    {
        var own = await servers.NewPostgresAsync();
        await using var store = Stores.Open(own.ConnectionString, "", Settings);
        await store.MigrateAsync(Stop);
        await store.StoreInteractionsAsync([Event("e1", "ann", "a")], Stop);
        await own.KillAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.StoreInteractionsAsync([Event("e2", "ann", "a")], Stop));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadUserEventsAsync([1], Stop));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GetStatusAsync(Stop));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.TryAcquireTrainingLeaseAsync(Stop));
        await own.StartAsync(Stop);
        await Eventually.PassesAsync(() => store.StoreInteractionsAsync([Event("e2", "ann", "a")], Stop));
        Assert.Equal(2, (await store.GetStatusAsync(Stop)).Events);
    }

    [Fact]
    public async Task An_embedded_store_moves_to_the_server_by_backup()
    {
        using var folder = new TempFolder();
        await using var embedded = Stores.Open(null, Path.Combine(folder.Path, "r.db"), Settings);
        await embedded.MigrateAsync(Stop);
        await embedded.StoreInteractionsAsync([.. Enumerable.Range(0, 1000)
            .Select(n => Event($"e{n}", $"u{n % 50}", $"i{n % 70}", at: T0.AddDays(-n)))], Stop);
        using var backup = new MemoryStream();
        await embedded.BackupAsync(backup, Stop);
        backup.Position = 0;
        await Store.RestoreAsync(backup, Stop);
        var (a, b) = (await embedded.ReadInteractionsAsync(long.MaxValue, Stop), await Store.ReadInteractionsAsync(long.MaxValue, Stop));
        Assert.Equal(1000, b.Count);
        Assert.Equal(a.UserKeys, b.UserKeys);
        Assert.Equal(a.ItemKeys, b.ItemKeys);
        Assert.Equal(a.OccurredAtMs, b.OccurredAtMs);
        Assert.Equal(1, (await PutAsync(Event("e7", "u7", "i7", at: T0.AddDays(-7)))).Duplicates);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }

    protected override Task DropAsync() => Task.CompletedTask;
}
