using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>
/// Two of each service, under load, while everything that can happen to processes, servers and connections happens, in an order and at
/// moments
/// that follow from a seed. Afterwards what was answered 202 is stored once, and users are recommended exactly what they are after an
/// undisturbed run.
/// </summary>
/// <remarks>Replay: <c>RECOMMENDER_SEED=N</c>, as printed by the failed run.</remarks>
public class DisturbanceTests(Servers servers)
{
    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Trainer__Rank"] = "8",
        ["Trainer__TuneBudgetSeconds"] = "0",
        ["Trainer__MinimumEvents"] = "1000000000", // Trained only when asked for.
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_killed_frozen_cut_or_emptied_nothing_is_lost_and_answers_are_those_of_an_undisturbed_run()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("RECOMMENDER_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given : Random.Shared.Next(1_000_000);
        var clock = Stopwatch.StartNew();
        void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine($"{clock.Elapsed.TotalSeconds,5:0.0} {text}");
        Say($"[MEASURED] RECOMMENDER_SEED={seed}");
        var random = new Random(seed);

        var (rabbitMq, redis, postgres) = (servers.NewRabbitMqAsync(), servers.NewRedisAsync(), servers.NewPostgresAsync());
        await Task.WhenAll(rabbitMq, redis, postgres);
        await using var estate = new Estate(await rabbitMq, await redis, await postgres);
        await using var fleet = new Fleet(estate.RabbitMqConnection, estate.RedisConnection, estate.PostgresConnection, ofEach: 2,
            s_settings);
        await fleet.StartAsync();
        await estate.RabbitMq.WaitForDurableQueuesAsync(["interactions", "commands"], TimeSpan.FromSeconds(60), Cancel);

        var producer = new Producer(fleet.Console.Address, seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = producer.RunAsync(stop.Token);
        var disturbances = Disturbances(fleet, estate).ToArray();
        random.Shuffle(disturbances);
        foreach (var (what, happens) in disturbances)
        {
            // At a random moment of the work: after some more events, whatever these take.
            int next = producer.Count + random.Next(5, 80);
            await Eventually.TrueAsync(() => producer.Count >= next
                || load.IsCompleted, TimeSpan.FromMinutes(2), $"{next} events accepted before: {what} (RECOMMENDER_SEED={seed})");
            Say($"{what} at {producer.Count} events");
            await happens();
        }

        await stop.CancelAsync();
        await load;
        foreach (var service in fleet.All) await service.WaitForAsync();
        await fleet.DrainedAsync();
        await Eventually.EqualAsync(producer.Count, async () => (int)await fleet.Api.EventsAsync());
        (await LossCheck.CompareAsync(producer.Accepted.Select(e => e.EventId), estate.Postgres.ConnectionString)).AssertNothingLost();
        Say($"[MEASURED] {producer.Count} events accepted over {disturbances.Length} disturbances; answers: "
            + $"{string.Join(", ", producer.Answers.Select(a => $"{(int)a.Key} × {a.Value}"))}");

        await LossCheck.TrainAsync(fleet.Api, fleet.Recommends);
        await AssertTrainedOneAtATimeAsync(fleet);
        var answers = await LossCheck.AnswersAsync(fleet.Recommends[0]);
        Assert.Equal(answers, await LossCheck.AnswersAsync(fleet.Recommends[1]));
        Assert.All(answers.Values, answer => Assert.True(answer.IsPersonal, answer.ToString()));
        await estate.FlushRedisAsync();
        foreach (var recommend in fleet.Recommends)
            await Eventually.TrueAsync(async () => (await LossCheck.AnswersAsync(recommend)).SequenceEqual(answers),
                what: "an emptied Redis is filled again by itself");

        using var folder = new TempFolder();
        string backup = Path.Combine(folder.Path, "backup.gz");
        await GoingBackTests.RunAsync("backup", backup, "--postgres", estate.Postgres.ConnectionString);
        await AssertPoisonIsKeptListedAndReplayedAsync(fleet.Api, estate.RabbitMq.ConnectionString);
        var erasure = await EraseAsync(fleet, estate);
        // Meanwhile, the same elsewhere.
        Say("compared with others that hold the same");
        foreach (var others in await Task.WhenAll(UndisturbedAsync(producer.Accepted), RestoredAsync(backup),
            RestoredToServersAsync(backup, estate))) Assert.Equal(answers, others);
        Say("erased");
        await AssertErasedAsync(erasure, fleet, estate, producer);
        AssertLogsHoldNothingSecretOrPersonal(fleet, estate);
    }

    private static IEnumerable<(string What, Func<Task> Happens)> Disturbances(Fleet fleet, Estate estate)
    {
        // Each twice: the second time it may be killed while it recovers from the first.
        foreach (var service in fleet.All.Concat(fleet.All))
        {
            yield return ($"kill -9 {service.Name} ({service.Port})", async () =>
            {
                await service.KillAsync();
                service.Launch(); // Not waited for: what comes next may meet it while it starts.
            }
            );
        }

        foreach (var server in estate.Servers.Concat([estate.Redis, estate.Postgres]))
        {
            yield return ($"kill -9 {server.Name}", async () =>
            {
                await server.KillAsync();
                await server.StartAsync(Cancel);
            }
            );
        }

        foreach (var server in estate.Servers)
        {
            yield return ($"freeze {server.Name}", async () =>
            {
                server.Freeze();
                await Task.Delay(1500, Cancel);
                server.Continue();
            }
            );
        }

        foreach (var (name, proxy) in estate.Proxies)
        {
            yield return ($"reset connections to {name}", () =>
            {
                proxy.Reset();
                return Task.CompletedTask;
            }
            );
            yield return ($"cut off {name}", async () =>
            {
                proxy.Cut();
                await Task.Delay(700, Cancel);
                proxy.Restore();
            }
            );
        }

        yield return ("slow connections everywhere", async () =>
        {
            foreach (var (_, proxy) in estate.Proxies) proxy.Delay = TimeSpan.FromMilliseconds(60);
            await Task.Delay(1500, Cancel);
            foreach (var (_, proxy) in estate.Proxies) proxy.Delay = TimeSpan.Zero;
        }
        );
        yield return ("restart PostgreSQL in order, in the middle of writes", async () =>
        {
            await estate.Postgres.StopAsync();
            await estate.Postgres.StartAsync(Cancel);
        }
        );
        yield return ("FLUSHALL", estate.FlushRedisAsync);
        yield return ("freeze a Trainer", async () =>
        {
            var trainer = fleet.Trainers[0];
            if (!trainer.IsRunning) return;
            var processes = ProcessTree.Of(trainer.ProcessId);
            ProcessTree.SignalAll(processes, ProcessTree.SigStop);
            await Task.Delay(1500, Cancel);
            ProcessTree.SignalAll(processes, ProcessTree.SigCont);
        }
        );
    }

    /// <summary>Asked of both Trainers at once, both requests are carried out, one after the other, and every Recommend serves what comes
    /// of it.</summary>
    private static async Task AssertTrainedOneAtATimeAsync(Fleet fleet)
    {
        foreach (var accepted in await Task.WhenAll(fleet.Trainers.Select(trainer => new Api(trainer.Client).PostAsync("/v1/models", ""))))
            Assert.Equal(HttpStatusCode.Accepted, accepted);
        List<(DateTimeOffset End, double Seconds)> models = [];
        await Eventually.TrueAsync(async () =>
        {
            models = [.. (await fleet.Api.GetAsync("/v1/models")).GetProperty("models").EnumerateArray()
                .Select(model => (End: model.GetProperty("trainedAt").GetDateTimeOffset(), Seconds: model.GetProperty("trainSeconds")
                    .GetDouble())).OrderBy(model => model.End)];
            return models.Count == 3;
        }, what: "two more models");
        foreach (var (earlier, later) in models.Zip(models.Skip(1))) Assert.True(later.End.AddSeconds(-later.Seconds) >= earlier.End,
            "Two trainings at once.");
        await Eventually.TrueAsync(async () =>
        {
            var statuses = await Task.WhenAll(fleet.Trainers.Select(trainer => new Api(trainer.Client).GetAsync("/v1/status")));
            long released = statuses[0].GetProperty("releasedVersion").GetInt64();
            var served = await Task.WhenAll(fleet.Recommends.Select(recommend => new Api(recommend.Client).GetAsync("/v1/serving")));
            return statuses.All(status => status.GetProperty("training").GetString() == "idle")
                && served.All(serving => serving.GetProperty("modelVersion").GetInt64() == released);
        }, what: "both Recommends serve what is released");
    }

    /// <summary>What can never be processed does not hold up the rest, keeps its reason, and comes back through the API.</summary>
    private static async Task AssertPoisonIsKeptListedAndReplayedAsync(Api api, string rabbitMq)
    {
        string[] poison = ["not json", "[{\"userId\":\"u\"", "{\"userId\":\"u\",\"itemId\":\"i\"}", "\xff", new('[', 1000)];
        await using (var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(Cancel))
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel))
            foreach (string body in poison) await channel.BasicPublishAsync("interactions", "", mandatory: true,
                new BasicProperties { ContentType = "application/json", Persistent = true }, Encoding.Latin1.GetBytes(body), Cancel);

        long before = await api.EventsAsync();
        await Eventually.EqualAsync(poison.Length, async () => (int)await TotalAsync(api));
        Assert.All((await api.GetAsync("/v1/deadletters")).GetProperty("letters").EnumerateArray(),
            letter => Assert.NotEqual("unknown", letter.GetProperty("reason").GetString()));
        Assert.Equal(HttpStatusCode.OK, await api.PostAsync("/v1/deadletters/replay", ""));
        // Nothing has changed about them, so they return.
        await Eventually.EqualAsync(poison.Length, async () => (int)await TotalAsync(api));
        Assert.Equal(before, await api.EventsAsync());

        static async Task<long> TotalAsync(Api api) =>
            await api.TryGetAsync("/v1/deadletters") is { } letters ? letters.GetProperty("total").GetInt64() : -1;
    }

    private const string Erased = Producer.PersonalPrefix + "7";

    /// <summary>Asks for a user's erasure while something of theirs is in every place: store, Redis, memory of each Recommend, dead
    /// letters, queue.</summary>
    private static async Task<(string Receipt, DateTimeOffset At)> EraseAsync(Fleet fleet, Estate estate)
    {
        Assert.NotEqual("", await estate.Redis.CommandAsync(["--scan", "--pattern", $"*{Erased}*"], Cancel));
        await using var connection = await new ConnectionFactory
        {
            Uri =
            new Uri(estate.RabbitMq.ConnectionString)
        }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        var json = new BasicProperties { ContentType = "application/json", Persistent = true };
        long letters = (await fleet.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt64();
        await channel.BasicPublishAsync("interactions", "", true, json,
            Encoding.UTF8.GetBytes($$"""{"userId":"{{Erased}}","type":"view"}"""), Cancel);
        await Eventually.TrueAsync(async () => (await fleet.Api.GetAsync("/v1/deadletters")).GetProperty("total")
            .GetInt64() == letters + 1);

        var at = DateTimeOffset.UtcNow;
        using var accepted = await fleet.Console.Client.DeleteAsync($"/v1/users/{Erased}", Cancel);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        // Late ones, right and wrong.
        await channel.BasicPublishAsync("interactions", "", true, json,
            Encoding.UTF8.GetBytes($$"""{"eventId":"late","userId":"{{Erased}}","itemId":"item-0","type":"view","occurredAt":"{{at.AddSeconds(-1):O}}"}"""), Cancel);
        await channel.BasicPublishAsync("interactions", "", true, json,
            Encoding.UTF8.GetBytes($$"""{"userId":"{{Erased}}","type":"view"}"""), Cancel);
        return (accepted.Headers.Location!.ToString(), at);
    }

    /// <summary>Within a minute of the request the user is nowhere, and the receipt says when and with which model.</summary>
    private static async Task AssertErasedAsync((string Receipt, DateTimeOffset At) erasure, Fleet fleet, Estate estate, Producer producer)
    {
        TimeSpan Left() => erasure.At.AddSeconds(60) - DateTimeOffset.UtcNow is var left && left > TimeSpan.Zero ? left
            : TimeSpan.FromMilliseconds(1);
        await Eventually.TrueAsync(async () => (await fleet.Api.GetAsync(erasure.Receipt)).GetProperty("state").GetString() == "done",
            Left());
        var stages = (await fleet.Api.GetAsync(erasure.Receipt)).GetProperty("stages").EnumerateObject()
            .ToDictionary(stage => stage.Name, stage => stage.Value.GetDateTimeOffset());
        Assert.Equal(["factorStore", "insights", "queues", "requested", "serving", "store"], stages.Keys.Order());
        Assert.All(stages.Values, time => Assert.InRange(time, erasure.At.AddSeconds(-1), erasure.At.AddSeconds(60)));
        foreach (var recommend in fleet.Recommends)
        {
            var api = new Api(recommend.Client);
            Assert.Empty(await api.HistoryAsync(Erased));
            Assert.NotEqual("personal", (await api.GetAsync($"/v1/users/{Erased}/recommendations")).GetProperty("source").GetString());
            foreach (string user in Producer.UserIds.Take(5))
            {
                // 503 while the index of users is built.
                JsonElement? similar = null;
                await Eventually.TrueAsync(async () => (similar = await api.TryGetAsync($"/v1/users/{user}/similar?count=50")) is not null,
                    Left());
                Assert.DoesNotContain($"\"{Erased}\"", similar!.Value.GetRawText(), StringComparison.Ordinal);
            }
        }

        using (var export = await fleet.Console.Client.GetAsync($"/v1/users/{Erased}/export", Cancel))
            Assert.Equal(HttpStatusCode.NotFound, export.StatusCode);
        Assert.DoesNotContain(Erased, (await fleet.Api.GetAsync("/v1/deadletters?limit=1000")).GetRawText(), StringComparison.Ordinal);
        var left = producer.Accepted.Where(e => e.UserId != Erased).ToList();
        Assert.Equal(left.Count, await fleet.Api.EventsAsync());
        // Popularity follows at once, not with the next event.
        var popular = (await fleet.Api.GetAsync($"/v1/items/popular?count={Producer.Items}")).GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("itemId").GetString());
        // Users count once per item, and half after 90 days.
        double Decayed(IEnumerable<Producer.Event> events) =>
            events.GroupBy(e => e.UserId).Sum(user => Math.Pow(2, (user.Max(e => e.OccurredAt) - left[0].OccurredAt).TotalDays / 90));
        Assert.Equal(left.GroupBy(e => e.ItemId).OrderByDescending(Decayed).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => group.Key), popular);
        await Eventually.EqualAsync("", async () => await estate.Redis.CommandAsync(["--scan", "--pattern", $"*{Erased}*"], Cancel),
            Left());
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] erased everywhere "
            + $"{(DateTimeOffset.UtcNow - erasure.At).TotalSeconds:0} s after the request at the latest: "
            + $"{string.Join(", ", stages.OrderBy(stage => stage.Value).Select(stage => $"{stage.Key} "
            + $"{(stage.Value - erasure.At).TotalSeconds:0.0}"))}");

        long version = await LossCheck.TrainAsync(fleet.Api, fleet.Recommends);
        Assert.Equal(version, (await fleet.Api.GetAsync(erasure.Receipt)).GetProperty("modelVersion").GetInt64());
    }

    /// <summary>Over starts, kills, outages and recoveries, at the levels that are logged by default.</summary>
    private static void AssertLogsHoldNothingSecretOrPersonal(Fleet fleet, Estate estate)
    {
        foreach (var service in fleet.All)
        {
            Assert.NotEmpty(service.Log);
            foreach (string line in service.Log)
            {
                Assert.DoesNotContain(Producer.PersonalPrefix, line, StringComparison.Ordinal);
                Assert.All(estate.Secrets, secret => Assert.DoesNotContain(secret, line, StringComparison.Ordinal));
            }
        }
    }

    /// <summary>The same events, in the order of their times, one after another, to one process with embedded parts that nothing happens
    /// to.</summary>
    private static async Task<Dictionary<string, UserAnswer>> UndisturbedAsync(IReadOnlyList<Producer.Event> events)
    {
        using var folder = new TempFolder();
        await using var standalone = Standalone(folder);
        await standalone.StartAsync();
        var api = new Api(standalone.Client);
        foreach (var batch in events.Chunk(5000))
            Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events",
                JsonSerializer.Serialize(batch, JsonSerializerOptions.Web)));
        await Eventually.EqualAsync(events.Count, async () => (int)await api.EventsAsync());
        await LossCheck.TrainAsync(api, [standalone]);
        return await LossCheck.AnswersAsync(standalone);
    }

    /// <summary>A backup of the servers' database, restored into an empty embedded installation.</summary>
    private static async Task<Dictionary<string, UserAnswer>> RestoredAsync(string backup)
    {
        using var folder = new TempFolder();
        await GoingBackTests.RunAsync("restore", backup, "--data", folder.Path);
        await using var standalone = Standalone(folder);
        await standalone.StartAsync();
        return await GoingBackTests.ServedAsync(standalone);
    }

    /// <summary>The same, restored into another database: broker and Redis of the new installation are empty.</summary>
    private async Task<Dictionary<string, UserAnswer>> RestoredToServersAsync(string backup, Estate estate)
    {
        string rabbitMq = await estate.RabbitMq.CreateVirtualHostAsync("restored", Cancel),
            postgres = await estate.Postgres.CreateDatabaseAsync("restored", Cancel);
        await GoingBackTests.RunAsync("restore", backup, "--postgres", postgres);
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq, redis.ConnectionString, postgres, more: s_settings);
        await fleet.StartAsync();
        return await GoingBackTests.ServedAsync(fleet.Recommends[0]);
    }

    private static ServiceProcess Standalone(TempFolder folder) =>
        new("Standalone", s_settings, ["--data", folder.Path, "--port", "{PORT}", "--no-demo"]);

    /// <summary>The three servers, each behind a relay that can cut and slow its connections.</summary>
    private sealed class Estate(RabbitMqServer rabbitMq, RedisServer redis, PostgresServer postgres) : IAsyncDisposable
    {
        private readonly TcpProxy _rabbitMqProxy = new(rabbitMq.Port), _redisProxy = new(redis.Port), _postgresProxy = new(postgres.Port);

        public RabbitMqServer RabbitMq => rabbitMq;
        public PostgresServer Postgres => postgres;
        public RedisServer Redis => redis;
        public LocalServer[] Servers => [rabbitMq, redis, postgres];
        public (string Name, TcpProxy Proxy)[] Proxies =>
            [("rabbitmq", _rabbitMqProxy), ("redis", _redisProxy), ("postgres", _postgresProxy)];
        public string RabbitMqConnection => rabbitMq.ConnectionString.Replace($":{rabbitMq.Port}", $":{_rabbitMqProxy.Port}",
            StringComparison.Ordinal);
        public string RedisConnection => redis.ConnectionString.Replace($":{redis.Port}", $":{_redisProxy.Port}", StringComparison.Ordinal);
        public string PostgresConnection => postgres.ConnectionString.Replace($"Port={postgres.Port}", $"Port={_postgresProxy.Port}",
            StringComparison.Ordinal);
        public string[] Secrets => [.. Servers.Select(server => File.ReadAllText(Path.Combine(server.Folder, "secret")).Trim())];

        public async Task FlushRedisAsync() =>
            Assert.StartsWith("OK", await redis.CommandAsync(["FLUSHALL"], Cancel), StringComparison.Ordinal);

        public async ValueTask DisposeAsync()
        {
            foreach (var (_, proxy) in Proxies) await proxy.DisposeAsync();
            await Task.WhenAll(Servers.Select(TestKit.Servers.EndAsync));
        }
    }
}
