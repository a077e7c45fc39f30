using Microsoft.Data.Sqlite;
using Recommender.Contracts;
using Recommender.Sqlite;
using Recommender.Storage.Events;
using Recommender.Storage.Sqlite;
using Xunit;

namespace Recommender.Storage.Tests;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "store-" + Guid.NewGuid().ToString("N"));

    private string DatabasePath => Path.Combine(_folder, "recommender.db");

    protected override Task CreateAsync() => Task.CompletedTask;

    protected override Task<IStore> OpenAsync(StatisticsSettings? settings = null) =>
        Task.FromResult(Stores.Open(null, DatabasePath, settings ?? Settings));

    protected override async Task RecreateAsync(Func<IStore, Task> work)
    {
        await using var store = Stores.Open(null, Path.Combine(_folder, "empty", "other.db"), Settings);
        await store.MigrateAsync(Stop);
        await work(store);
    }

    protected override Task ExecuteAsync(string sql) => ExecuteAsync(DatabasePath, sql);

    private static Task ExecuteAsync(string path, string sql)
    {
        using var connection = Connect(path);
        SqliteDatabase.Execute(connection, sql);
        return Task.CompletedTask;
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    protected override async Task WithoutSchemaAsync(string dialect, Func<IStore, Func<string, Task>, Task> work)
    {
        string path = Path.Combine(_folder, Guid.NewGuid().ToString("N"), "earlier.db");
        await using var store = Stores.Open(null, path, Settings);
        await work(store, sql => ExecuteAsync(path, sql));
    }

    [Fact]
    public async Task Removing_old_models_lets_other_writers_in_between_their_chunks()
    {
        byte[] twoChunks = new byte[9 << 20];
        for (int n = 0; n < 3; n++) await Store.SaveModelAsync(Info(), twoChunks, Stop);
        int commits = 0;
        var database = ((SqliteStore)Store).Database;
        SQLitePCL.delegate_commit count = _ =>
        {
            commits++;
            return 0;
        };
        await database.WriteAsync(connection =>
        {
            SQLitePCL.raw.sqlite3_commit_hook(connection.Handle, count, null);
            return Task.FromResult(true);
        }, Stop);
        commits = 0;
        Assert.Equal([2, 1], await Store.PruneModelsAsync(1, Stop));
        Assert.True(commits >= 4, $"{commits} transactions removed four chunks.");
        Assert.Null(await Store.ReadModelAsync(1, Stop));
        Assert.Equal(twoChunks.Length, (await Store.ReadModelAsync(3, Stop))!.Length);
        GC.KeepAlive(count);
    }

    [Fact]
    public Task Every_earlier_schema_upgrades() => EveryEarlierSchemaUpgradesAsync("sqlite");

    [Fact]
    public async Task What_a_killed_process_had_not_committed_is_not_there()
    {
        await PutAsync(Event("e1", "ann", "a"));
        string copy = Path.Combine(_folder, "copy");
        Directory.CreateDirectory(copy);
        using (var connection = Connect(DatabasePath))
        {
            // A small cache makes SQLite write pages of the open transaction to the log; then the files are taken as a kill would leave
            // them.
            SqliteDatabase.Execute(connection, "PRAGMA cache_size = 5; BEGIN IMMEDIATE; DELETE FROM events; UPDATE state SET events = 99");
            SqliteDatabase.Execute(connection,
                "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO events (sequence, event_id, "
                    + "user_key, item_key, type_id, occurred_at_ms) SELECT i, 'k' || i, 1, 1, 0, 0 FROM n");
            foreach (string file in Directory.GetFiles(_folder, "recommender.db*"))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            Assert.True(new FileInfo(Path.Combine(copy, "recommender.db-wal")).Length > 100_000);
            Assert.Equal(1, (await Store.GetStatusAsync(Stop)).Events);
            SqliteDatabase.Execute(connection, "ROLLBACK");
        }

        await using var restarted = Stores.Open(null, Path.Combine(copy, "recommender.db"), Settings);
        await restarted.MigrateAsync(Stop);
        Assert.Equal(1, (await restarted.GetStatusAsync(Stop)).Events);
        Assert.Equal("e1", Assert.Single((await restarted.ExportUserAsync("ann", Stop))!.Events).EventId);
    }

    [Fact]
    public async Task A_full_disk_refuses_whole_batches_and_is_over_when_there_is_space()
    {
        var sqlite = (SqliteStore)Store;
        await PutAsync(Event("e1", "ann", "a"));
        await sqlite.Database.ExecuteAsync("PRAGMA max_page_count = 1", Stop); // SQLite raises it to the present size.
        var before = await Store.GetStatusAsync(Stop);
        Interaction[] many = [.. Enumerable.Range(0, 2000).Select(n => Event($"m{n}", $"u{n}", $"i{n}"))];
        for (int i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => PutAsync(many));
            Assert.True(refusal.IsFull);
        }

        Assert.Equal(before, await Store.GetStatusAsync(Stop));
        Assert.Equal([before.Users, before.Items],
            new[] { (await Store.ListUserKeysAsync(0, 10, Stop)).Count, (long)(await Store.ReadCatalogueAsync(0, 10, Stop)).Count });
        await sqlite.Database.ExecuteAsync("PRAGMA max_page_count = 1000000", Stop);
        Assert.Equal(2000, (await PutAsync(many)).Stored);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        string path = Path.Combine(_folder, "other.txt");
        string text = string.Concat(Enumerable.Repeat("This is a letter to a friend. ", 200));
        await File.WriteAllTextAsync(path, text, Stop);
        Assert.Throws<StoreUnavailableException>(() => Stores.Open(null, path, Settings));
        Assert.Equal(text, await File.ReadAllTextAsync(path, Stop));
    }

    [Fact]
    public async Task An_erased_id_is_nowhere_in_the_files()
    {
        const string id = "anna.schmidt@example.org";
        byte[] needle = System.Text.Encoding.UTF8.GetBytes(id);
        await PutAsync([Event("e0", "bob", "a"), .. Enumerable.Range(0, 500).Select(n => Event($"{id}-{n}", id, $"i{n}"))]);
        Assert.True(Holds());
        await Store.EraseUserAsync(id, "x", T0, Stop);
        await CloseErasureAsync("x", T0);
        Assert.False(Holds());

        bool Holds() => Directory.GetFiles(_folder, "recommender.db*").Any(file =>
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes.AsSpan().IndexOf(needle) >= 0;
        });
    }

    protected override Task DropAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }
}
