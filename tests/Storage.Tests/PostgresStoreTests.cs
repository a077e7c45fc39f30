using System.Diagnostics;
using Npgsql;
using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Postgres;
using Recommender.Storage.Tests.Fixtures;
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
    public async Task Repeated_events_of_a_user_with_a_long_history_are_compared_without_searching_it_for_each()
    {
        const int history = 100_000, repeated = 1_000;
        Interaction Next(string user, int n) => new()
        {
            EventId = $"{user}-{n}",
            UserId = user,
            ItemId = $"item-{n % 5_000}",
            Type = "view",
            OccurredAt = T0.AddMinutes(n),
        };
        foreach (var batch in Enumerable.Range(0, history).Select(n => Next("heavy", n)).Chunk(10_000))
            await Store.StoreInteractionsAsync(batch, Stop);
        await ExecuteAsync("ANALYZE events");
        var again = Enumerable.Range(0, repeated).Select(n => Next("heavy", n * 97)).ToArray();
        await CompareAsync("as they were", again, conflicts: 0);
        await CompareAsync("with a time of the server",
            [.. again.Select(e => e with { OccurredAt = T0.AddYears(1), OccurredAtAssigned = true })], conflicts: 0);
        var elsewhere = again.Where(e => e.ItemId != "item-0").Select(e => e with { ItemId = "item-0" }).ToArray();
        await CompareAsync("on another item", elsewhere, conflicts: elsewhere.Length);

        async Task CompareAsync(string what, Interaction[] batch, int conflicts)
        {
            var clock = Stopwatch.StartNew();
            var stored = await Store.StoreInteractionsAsync(batch, Stop);
            TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {repeated} of {history} events repeated {what}: "
                + $"{clock.Elapsed.TotalMilliseconds:N0} ms");
            Assert.Equal(conflicts, stored.Conflicts.Count);
            // Searched through for each of them, the history takes half a minute.
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task Backup_and_restore_wait_for_a_slow_stream_beyond_the_limit_of_idle_transactions()
    {
        var limit = TimeSpan.FromMilliseconds(200);
        string Limited(string connection) => connection + $";Options=-c idle_in_transaction_session_timeout={limit.TotalMilliseconds}ms";
        byte[] model = new byte[1 << 20];
        Random.Shared.NextBytes(model); // Fills every buffer, however well it is compressed.
        await Store.SaveModelAsync(Info(), model, Stop);
        using var backup = new SlowStream { PauseBeforeFirst = 3 * limit };
        await using (var source = Stores.Open(Limited(_connectionString), "", Settings)) await source.BackupAsync(backup, Stop);

        backup.Position = 0;
        backup.PauseBeforeFirst = 3 * limit;
        await using var restored = Stores.Open(Limited(await servers.NewDatabaseAsync()), "", Settings);
        await restored.MigrateAsync(Stop);
        await restored.RestoreAsync(backup, Stop);
        Assert.Equal(model, await restored.ReadModelAsync(1, Stop));
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
