using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using RabbitMQ.Client;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>A process that carries out an erasure is killed between two stages. After its restart the erasure is finished.</summary>
public class ErasureKillTests(Servers servers)
{
    private static readonly string[] s_erased =
        ["erased-after-store", "erased-after-factors", "erased-after-serving", "erased-after-queues"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_Trainer_killed_between_two_stages_finishes_the_erasure_after_its_restart()
    {
        string rabbitMq = await servers.NewVirtualHostAsync(), postgres = await servers.NewDatabaseAsync();
        var redis = await servers.NewRedisAsync();
        await using var proxy = new TcpProxy(redis.Port);
        string throughProxy = redis.ConnectionString.Replace($":{redis.Port}", $":{proxy.Port}", StringComparison.Ordinal);
        await using var fleet = new Fleet(rabbitMq, throughProxy, postgres, more: ErasureFixture.Settings(settleSeconds: 12));
        await fleet.StartAsync();
        var trainer = fleet.Trainers[0];
        var installation = new ErasureFixture(fleet.Api, fleet.Console.Client);
        await installation.FillAsync(s_erased);
        await LossCheck.TrainAsync(fleet.Api, fleet.Recommends);
        await AddDeadLettersAsync(rabbitMq);
        await Eventually.EqualAsync(s_erased.Length,
            async () => (await fleet.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt32());

        // The command is applied; the step that follows does not get through to Redis.
        proxy.Cut();
        string receipt = await installation.EraseAsync(s_erased[0]);
        var reached = await installation.ReachedAsync(receipt, "store");
        await trainer.KillAsync();
        Assert.Equal(["insights", "requested", "store"], reached.Keys.Order());
        proxy.Restore();
        Assert.NotEqual("", await KeysOfAsync(s_erased[0]));
        await trainer.StartAsync();
        await installation.AssertDoneAsync(receipt, reached);

        // Nobody confirms that the user is out of the memory of Recommend.
        await fleet.Recommends[0].KillAsync();
        receipt = await installation.EraseAsync(s_erased[1]);
        reached = await installation.ReachedAsync(receipt, "factorStore");
        await trainer.KillAsync();
        Assert.Equal(["factorStore", "insights", "requested", "store"], reached.Keys.Order());
        await fleet.Recommends[0].StartAsync();
        await trainer.StartAsync();
        await installation.AssertDoneAsync(receipt, reached);

        // Confirmed; the queues have not had their time.
        receipt = await installation.EraseAsync(s_erased[2]);
        reached = await installation.ReachedAsync(receipt, "serving");
        await trainer.KillAsync();
        Assert.Equal(["factorStore", "insights", "requested", "serving", "store"], reached.Keys.Order());
        await trainer.StartAsync();
        await installation.AssertDoneAsync(receipt, reached);

        // All but the model, which is trained after the restart.
        receipt = await installation.EraseAsync(s_erased[3]);
        reached = await installation.ReachedAsync(receipt, "queues");
        await trainer.KillAsync();
        Assert.DoesNotContain("model", reached.Keys);
        await trainer.StartAsync();
        await LossCheck.TrainAsync(fleet.Api, fleet.Recommends);
        Assert.Contains("model", (await installation.ReachedAsync(receipt, "model")).Keys);
        await installation.AssertDoneAsync(receipt, reached);

        Assert.Equal(ErasureFixture.Staying.Count, await fleet.Api.EventsAsync());
        await installation.AssertPopularityOfStayingAsync();
        Assert.Equal(0, (await fleet.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt32());
        Assert.Empty(await TablesWithAsync(postgres, "erased-after"));
        foreach (string user in s_erased)
        {
            Assert.Empty(await fleet.Api.HistoryAsync(user));
            // What keeps a late fold-in from bringing the user back expires.
            await Eventually.EqualAsync("", () => KeysOfAsync(user));
        }

        async Task<string> KeysOfAsync(string user) => await redis.CommandAsync(["--scan", "--pattern", $"*{user}*"], Cancel);
    }

    [Theory]
    [InlineData("store", "insights requested store")]
    [InlineData("factorStore", "factorStore insights requested store")]
    [InlineData("serving", "factorStore insights requested serving store")]
    public async Task A_process_with_embedded_parts_killed_between_two_stages_finishes_the_erasure_after_its_restart(
        string stage, string reachedStages)
    {
        using var folder = new TempFolder();
        await using var standalone = new ServiceProcess("Standalone", ErasureFixture.Settings(settleSeconds: 3),
            ["--data", folder.Path, "--port", "{PORT}", "--no-demo"]);
        await standalone.StartAsync();
        var api = new Api(standalone.Client);
        var installation = new ErasureFixture(api, standalone.Client);
        // The stages follow each other within milliseconds. Should the next one get ahead of the lock, another user's erasure is stopped.
        string[] users = [.. Enumerable.Range(0, 8).Select(n => $"erased-{n}")];
        await installation.FillAsync(users);
        await LossCheck.TrainAsync(api, [standalone]);

        var receipts = new List<string>();
        Dictionary<string, DateTimeOffset> reached = [];
        foreach (string user in users)
        {
            string receipt = await installation.EraseAsync(user);
            receipts.Add(receipt);
            reached = await KillAfterAsync(standalone, Path.Combine(folder.Path, "store.db"), receipt.Split('/')[^1], stage);
            if (string.Join(' ', reached.Keys.Order()) == reachedStages) break;
            await standalone.StartAsync();
        }

        Assert.Equal(reachedStages, string.Join(' ', reached.Keys.Order()));
        await standalone.StartAsync();
        await installation.AssertDoneAsync(receipts[^1], reached);
        foreach (string receipt in receipts) await installation.AssertDoneAsync(receipt, []);
        await LossCheck.TrainAsync(api, [standalone]);
        foreach (string receipt in receipts) await installation.ReachedAsync(receipt, "model");
        foreach (string user in users[..receipts.Count]) Assert.Empty(await api.HistoryAsync(user));
        foreach (string user in users[receipts.Count..]) receipts.Add(await installation.EraseAsync(user));
        foreach (string receipt in receipts) await installation.AssertDoneAsync(receipt, []);
        Assert.Equal(ErasureFixture.Staying.Count, await api.EventsAsync());
        await installation.AssertPopularityOfStayingAsync();

        await standalone.StopAsync();
        foreach (string file in Directory.EnumerateFiles(folder.Path, "store.db*"))
            Assert.False((await File.ReadAllBytesAsync(file, Cancel)).AsSpan().IndexOf("erased-"u8) >= 0, $"{file} names an erased user.");
    }

    /// <summary>Waits for a stage, keeps the store from taking another one, and kills the process.</summary>
    /// <returns>The stages finished by then.</returns>
    private static async Task<Dictionary<string, DateTimeOffset>> KillAfterAsync(
        ServiceProcess standalone, string path, string erasureId, string stage)
    {
        SQLitePCL.Batteries_V2.Init();
        await using var database = new SqliteConnection($"Data Source={path};Pooling=False");
        await database.OpenAsync(Cancel);
        var deadline = DateTime.UtcNow + Eventually.DefaultDeadline;
        // Without a pause: the next stage is milliseconds away.
        while (!Stages().ContainsKey(stage)) Assert.True(DateTime.UtcNow < deadline, $"{stage} was not reached.");
        Execute("BEGIN IMMEDIATE");
        await standalone.KillAsync();
        Execute("ROLLBACK");
        return Stages();

        Dictionary<string, DateTimeOffset> Stages()
        {
            using var command = database.CreateCommand();
            command.CommandText = "SELECT stage, at_ms FROM erasure_stages WHERE erasure_id = @id";
            command.Parameters.AddWithValue("@id", erasureId);
            using var rows = command.ExecuteReader();
            var stages = new Dictionary<string, DateTimeOffset>();
            while (rows.Read()) stages.Add(rows.GetString(0), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(1)));
            return stages;
        }

        void Execute(string sql)
        {
            using var command = database.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static async Task AddDeadLettersAsync(string rabbitMq)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        foreach (string user in s_erased)
            await channel.BasicPublishAsync("interactions", "", true,
                new BasicProperties { ContentType = "application/json", Persistent = true },
                Encoding.UTF8.GetBytes($$"""{"userId":"{{user}}","type":"view"}"""), Cancel);
    }

    /// <summary>Tables with a row that holds the text.</summary>
    private static async Task<List<string>> TablesWithAsync(string postgres, string text)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        var tables = new List<string>();
        await using (var command = source.CreateCommand("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        await using (var rows = await command.ExecuteReaderAsync(Cancel))
            while (await rows.ReadAsync(Cancel)) tables.Add(rows.GetString(0));
        Assert.NotEmpty(tables);
        var found = new List<string>();
        foreach (string table in tables)
        {
            await using var command = source.CreateCommand(
                $"SELECT EXISTS (SELECT FROM \"{table}\" AS r WHERE r::text LIKE '%' || $1 || '%')");
            command.Parameters.Add(new() { Value = text });
            if ((bool)(await command.ExecuteScalarAsync(Cancel))!) found.Add(table);
        }

        return found;
    }
}
