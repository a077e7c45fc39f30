using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>Requests to train, to release and to roll back while the broker that carries them is gone or does not answer.</summary>
public class ControlPlaneTests(Servers servers)
{
    private const string CarriedOutHere = "is carried out here";
    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Trainer__Rank"] = "8",
        ["Trainer__TuneBudgetSeconds"] = "0",
        ["Trainer__MinimumEvents"] = "1000000000", // Trained only when asked for.
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_broker_requests_are_carried_out_once_and_with_its_return_another_Trainer_takes_them_again()
    {
        var rabbitMq = await servers.NewRabbitMqAsync();
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq.ConnectionString, redis.ConnectionString, await servers.NewDatabaseAsync(), ofEach: 2,
            s_settings);
        await fleet.StartAsync();
        await rabbitMq.WaitForDurableQueuesAsync(["interactions", "commands"], TimeSpan.FromSeconds(60), Cancel);
        await FillAsync(fleet);
        Assert.Equal(1, await LossCheck.TrainAsync(fleet.Api, fleet.Recommends));

        await rabbitMq.KillAsync();
        Assert.Equal(HttpStatusCode.Accepted, await fleet.Api.PostAsync("/v1/models", ""));
        await Eventually.EqualAsync(2, () => ModelsAsync(fleet));
        foreach (long version in new[] { 2, 1, 2 })
        {
            Assert.Equal(HttpStatusCode.OK, await ReleaseAsync(fleet.Api, version));
            await ServedAsync(fleet, version);
        }

        await rabbitMq.StartAsync(Cancel);
        var (asked, other) = (new Api(fleet.Trainers[0].Client), fleet.Trainers[1]);
        int before = Releases(other, 1);
        // Every request is answered, whichever way it goes, and in the end one goes over the bus: only there the other Trainer gets it.
        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(HttpStatusCode.OK, await ReleaseAsync(asked, 1));
            return Releases(other, 1) > before;
        }, what: "a request is carried out by the other Trainer");
        await ServedAsync(fleet, 1);
        Assert.Equal(2, await ModelsAsync(fleet));
        Assert.Equal(3, await LossCheck.TrainAsync(fleet.Api, fleet.Recommends));
        Assert.Equal(3, await ModelsAsync(fleet));
    }

    [Fact]
    public async Task A_request_that_a_frozen_broker_holds_back_is_carried_out_by_who_asked_and_not_again_afterwards()
    {
        var rabbitMq = await servers.NewRabbitMqAsync();
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq.ConnectionString, redis.ConnectionString, await servers.NewDatabaseAsync(),
            more: s_settings);
        await fleet.StartAsync();
        var trainer = fleet.Trainers[0];
        await FillAsync(fleet);
        for (int version = 1; version <= 2; version++) Assert.Equal(version, await LossCheck.TrainAsync(fleet.Api, fleet.Recommends));

        rabbitMq.Freeze();
        var clock = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.OK, await ReleaseAsync(fleet.Api, 1));
        var released = clock.Elapsed;
        Assert.Equal(HttpStatusCode.OK, await ReleaseAsync(fleet.Api, 2));
        var rolledBack = clock.Elapsed;
        Assert.Equal(HttpStatusCode.Accepted, await fleet.Api.PostAsync("/v1/models", ""));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[MEASURED] frozen: released in "
            + $"{released.TotalSeconds:0.0} s, back in {(rolledBack - released).TotalSeconds:0.0} s, training requested in "
            + $"{(clock.Elapsed - rolledBack).TotalSeconds:0.0} s"));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(50));
        await Eventually.EqualAsync(3, () => ModelsAsync(fleet));
        int releases = Releases(trainer, 1);

        rabbitMq.Continue();
        // A request that comes through is behind those that were held back: requests are taken one at a time, in their order.
        await Eventually.TrueAsync(async () =>
        {
            int fallbacks = Fallbacks();
            Assert.Equal(HttpStatusCode.OK, await ReleaseAsync(fleet.Api, 2));
            return Fallbacks() == fallbacks && await IsBusHealthyAsync(trainer);
        }, what: "a request goes over the bus");
        Assert.Equal(releases, Releases(trainer, 1));
        await ServedAsync(fleet, 2);
        Assert.Equal(3, await ModelsAsync(fleet));
        Assert.Equal(4, await LossCheck.TrainAsync(fleet.Api, fleet.Recommends));
        Assert.Equal(4, await ModelsAsync(fleet));

        int Fallbacks() => trainer.Log.Count(line => line.Contains(CarriedOutHere, StringComparison.Ordinal));
    }

    private static async Task FillAsync(Fleet fleet)
    {
        var start = DateTimeOffset.UtcNow.AddDays(-1);
        string events = JsonSerializer.Serialize(Enumerable.Range(0, 300).Select(n => new
        {
            eventId = $"e-{n}",
            userId = $"{Producer.PersonalPrefix}{n % Producer.Users}",
            itemId = $"item-{n * 7 % 13}",
            type = "view",
            occurredAt = start.AddSeconds(n),
        }));
        Assert.Equal(HttpStatusCode.Accepted, await fleet.Api.PostAsync("/v1/events", events));
        await Eventually.EqualAsync(300, fleet.Api.EventsAsync);
    }

    private static Task<HttpStatusCode> ReleaseAsync(Api api, long version) =>
        api.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/models/{version}/release"), "");

    private static async Task<int> ModelsAsync(Fleet fleet) =>
        (await fleet.Api.GetAsync("/v1/models")).GetProperty("models").GetArrayLength();

    private static async Task ServedAsync(Fleet fleet, long version)
    {
        foreach (var recommend in fleet.Recommends)
            await Eventually.EqualAsync(version, async () => await new Api(recommend.Client).TryGetAsync("/v1/serving") is { } serving
                ? serving.GetProperty("modelVersion").GetInt64() : 0);
    }

    private static int Releases(ServiceProcess trainer, long version) =>
        trainer.Log.Count(line => line.Contains($"Released model {version}.", StringComparison.Ordinal));

    private static async Task<bool> IsBusHealthyAsync(ServiceProcess trainer)
    {
        var health = await new Api(trainer.Client).GetAsync("/health/ready");
        return health.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("name").GetString() == "notices").GetProperty("status").GetString() == "healthy";
    }
}
