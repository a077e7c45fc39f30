using Npgsql;
using Recommender.EndToEnd.Faults;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>Shows that <see cref="LossCheck"/> can fail.</summary>
public class ControlTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Trainer", false)]
    [InlineData("CarelessTrainer", true)] // Acknowledges before the effect.
    public async Task A_kill_loses_events_only_where_they_are_acknowledged_before_their_effect(string trainer, bool loses)
    {
        string rabbitMq = await servers.NewVirtualHostAsync(), postgres = await servers.NewDatabaseAsync();
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq, redis.ConnectionString, postgres, trainer: trainer);
        await fleet.StartAsync();
        var producer = new Producer(fleet.Console.Address, seed: 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = producer.RunAsync(stop.Token);
        // Either Trainer stores what it takes while nothing happens to it: what is lost below is lost by the kill.
        await Eventually.TrueAsync(async () => await fleet.Api.EventsAsync() > 50);

        // While another transaction holds the store's one lock, events arrive and cannot be stored.
        await using var database = new NpgsqlConnection(postgres);
        await database.OpenAsync(Cancel);
        await using (var transaction = await database.BeginTransactionAsync(Cancel))
        {
            await using (var hold = new NpgsqlCommand("SELECT FROM state FOR UPDATE", database,
                transaction)) await hold.ExecuteNonQueryAsync(Cancel);
            int before = producer.Count;
            await Eventually.TrueAsync(() => producer.Count > before + 200 || load.IsCompleted);
            await stop.CancelAsync();
            await load;
            // Whatever this Trainer takes ahead, it has by now.
            if (loses) await fleet.DrainedAsync();
            await fleet.Trainers[0].KillAsync();
        }

        await fleet.Trainers[0].StartAsync();
        await fleet.DrainedAsync();
        await Eventually.TrueAsync(async () => await fleet.Api.TryGetAsync("/v1/status") is { } status
            && status.GetProperty("watermarks").GetProperty("folded").GetInt64() == status.GetProperty("watermarks").GetProperty("stored")
            .GetInt64());
        if (!loses) await Eventually.EqualAsync(producer.Count, async () => (int)await fleet.Api.EventsAsync());
        var report = await LossCheck.CompareAsync(producer.Accepted.Select(e => e.EventId), postgres);
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {trainer}: {report.Lost.Count} of {report.Accepted} events lost");
        Assert.Empty(report.Twice);
        Assert.Empty(report.Unknown);
        if (loses) Assert.InRange(report.Lost.Count, 100, report.Accepted - 50);
        else report.AssertNothingLost();
    }
}
