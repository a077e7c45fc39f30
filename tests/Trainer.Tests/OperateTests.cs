using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Tests;

/// <summary>What operators see: watermarks, and errors as problem details.</summary>
public class OperateTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watermarks_keep_their_order_over_a_restart_and_while_a_fold_in_fails()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var info = await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync(TrainerFixture.Event("late", "item-0-0", s_start.AddDays(9)));
        long sequence = (await trainer.Store.GetStatusAsync(Cancellation)).Sequence;

        // A process that has just started: it has folded nothing in itself.
        var restarted = new Progress();
        var status = await StatusAsync(trainer, restarted, waiting: 0);
        Assert.Equal([sequence, sequence, sequence, info!.Watermark, info.Watermark], Ordered(status));
        Assert.True(info.Watermark < sequence);

        // What waits may be events that were stored and not folded in: then only what a model has seen is certain.
        Assert.Equal(info.Watermark, (await StatusAsync(trainer, restarted, waiting: 1)).Watermarks["folded"]);

        // A batch in hand counts as stored, and as folded in only when it is.
        restarted.Taken(DateTimeOffset.UtcNow);
        Assert.Equal(info.Watermark, (await StatusAsync(trainer, restarted, waiting: 0)).Watermarks["folded"]);
        restarted.RaiseFolded(sequence);
        Assert.Equal(sequence, (await StatusAsync(trainer, restarted, waiting: 0)).Watermarks["folded"]);
    }

    [Fact]
    public async Task Errors_are_problem_details_with_stable_types_and_outages_say_when_to_try_again()
    {
        using var folder = new TempFolder();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["Data:Directory"] = folder.Path;
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults("trainer");
        builder.AddTrainer();
        builder.Services.AddSingleton<IStreamAdministration>(new GoneStreams());
        await using var app = builder.Build();
        app.UseServiceDefaults();
        app.MapTrainer();
        await app.StartAsync(Cancellation);
        using var client = new HttpClient
        {
            BaseAddress =
            new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First())
        };

        await AssertProblemAsync(await client.GetAsync("v1/models/7", Cancellation), HttpStatusCode.NotFound,
            "urn:recommender:problem:not-found", null);
        await AssertProblemAsync(await client.PostAsync("v1/models/7/release", null, Cancellation), HttpStatusCode.NotFound,
            "urn:recommender:problem:not-found", null);
        await AssertProblemAsync(await client.GetAsync("v1/users?limit=0", Cancellation), HttpStatusCode.BadRequest,
            "urn:recommender:problem:invalid-field", "limit");
        await AssertProblemAsync(await client.GetAsync("v1/users?prefix=a%00", Cancellation), HttpStatusCode.BadRequest,
            "urn:recommender:problem:invalid-field", "prefix");
        var gone = await client.GetAsync("v1/deadletters", Cancellation);
        Assert.NotNull(gone.Headers.RetryAfter);
        await AssertProblemAsync(gone, HttpStatusCode.ServiceUnavailable, "urn:recommender:problem:unavailable", null);
        await app.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_lag_counts_from_the_oldest_message_in_hand_and_is_an_alarm_above_its_level()
    {
        await using var trainer = await TrainerFixture.CreateAsync(o => o.FoldedLagAlarmSeconds = 50);
        await trainer.SendAsync(TrainerFixture.Circles());
        var progress = new Progress();
        Assert.Equal(0, (await StatusAsync(trainer, progress, waiting: 0)).LagSeconds["folded"]);

        progress.Taken(DateTimeOffset.UtcNow.AddSeconds(-55));
        var storing = await StatusAsync(trainer, progress, waiting: 0);
        Assert.InRange(storing.LagSeconds["stored"], 55, 59);
        Assert.InRange(storing.LagSeconds["folded"], 55, 59);
        progress.AllStored();
        var folding = await StatusAsync(trainer, progress, waiting: 0);
        Assert.Equal(0, folding.LagSeconds["stored"]);
        Assert.InRange(folding.LagSeconds["folded"], 55, 59);
        // The level of storing is at its default of 60 s, so folding alone is an alarm.
        Assert.Equal("degraded", folding.State);
        Assert.Contains("Trainer:FoldedLagAlarmSeconds", Assert.Single(folding.Problems));

        progress.RaiseFolded(1);
        Assert.Equal("ok", (await StatusAsync(trainer, progress, waiting: 0)).State);

        // What waits was sent after what has been handled.
        progress.Sent(DateTimeOffset.UtcNow.AddSeconds(-70));
        Assert.Equal(2, (await StatusAsync(trainer, progress, waiting: 3)).Problems.Count);
    }

    [Fact]
    public async Task A_lag_above_its_level_turns_readiness_degraded_until_it_is_made_up_for()
    {
        using var folder = new TempFolder();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["MinimumEvents"] = "1",
            ["CheckEverySeconds"] = "3600",
            ["TuneBudgetSeconds"] = "0",
            ["Rank"] = "8",
            ["LagEverySeconds"] = "0.05",
            ["TrainedLagAlarmSeconds"] = "0.1",
            ["ReleasedLagAlarmSeconds"] = "0.1"
        })
            builder.Configuration["Trainer:" + name] = value;
        builder.Configuration["Data:Directory"] = folder.Path;
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults("trainer");
        builder.AddTrainer();
        await using var app = builder.Build();
        app.UseServiceDefaults();
        app.MapTrainer();
        await app.StartAsync(Cancellation);
        using var client = new HttpClient
        {
            BaseAddress =
            new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First())
        };
        Assert.Equal("healthy", (await ReadyAsync(client)).Status);

        await app.Services.GetRequiredService<IStreamPublisher>()
            .PublishAsync(Topology.Interactions, JsonSerializer.SerializeToUtf8Bytes(TrainerFixture.Circles(),
                ContractsJson.Default.InteractionArray), [], Cancellation);
        await Eventually.EqualAsync("degraded", async () => (await ReadyAsync(client)).Status);
        Assert.Contains("Trainer:TrainedLagAlarmSeconds", (await ReadyAsync(client)).Body);
        var status = (await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, Cancellation))!;
        Assert.Equal("degraded", status.State);
        Assert.Contains(status.Problems, problem => problem.Contains("Trainer:ReleasedLagAlarmSeconds", StringComparison.Ordinal));
        // The alarm may come before the first fold-in has ended.
        await Eventually.TrueAsync(async () =>
            (status = (await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse,
            Cancellation))!).StageMilliseconds.ContainsKey("folding"));
        // How long the first messages after a start were queued is not counted: they may have come before it.
        Assert.Superset(new HashSet<string> { "storing", "folding" }, status.StageMilliseconds.Keys.ToHashSet());
        Assert.Equal(status.Watermarks.Keys.Order(), status.LagSeconds.Keys.Order());
        Assert.Equal(["accepted", "folded", "released", "stored", "trained"], Measured("recommender.lag").Keys.Order());
        Assert.Equal(TrainerFixture.Circles().Length, Measured("recommender.watermark")["stored"]);
        Assert.True(Measured("recommender.lag")["trained"] > 0.1);

        using var asked = await client.PostAsync("v1/models", null, Cancellation);
        await Eventually.EqualAsync("healthy", async () => (await ReadyAsync(client)).Status);
        Assert.Equal(0, Measured("recommender.lag")["released"]);
        await app.StopAsync(Cancellation);
    }

    /// <summary>The gauge's values by stage, the newest where several hosts of this process report.</summary>
    private static Dictionary<string, double> Measured(string instrument)
    {
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished =
            (published, listener) =>
            {
                if (published.Name == instrument && published.Meter.Name == "Recommender.Trainer")
                    listener.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => values[(string)tags[0].Value!] = value);
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => values[(string)tags[0].Value!] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }

    private static async Task<(string? Status, string Body)> ReadyAsync(HttpClient client)
    {
        using var response = await client.GetAsync("health/ready", Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        string body = await response.Content.ReadAsStringAsync(Cancellation);
        return (JsonDocument.Parse(body).RootElement.GetProperty("status").GetString(), body);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string type, string? field)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal(type, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(field, problem.RootElement.TryGetProperty("field", out var named) ? named.GetString() : null);
    }

    [Fact]
    public async Task Status_counts_what_was_accepted_without_effect()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var first = TrainerFixture.Event("ann", "a", at);
        await trainer.Store.EraseUserAsync("gone", "x", at.AddDays(1), Cancellation);
        await trainer.SendAsync(first, first, first, first with { ItemId = "b" }, TrainerFixture.Event("gone", "a", at));
        var patch = new Command
        {
            Kind = CommandKind.PatchItem,
            AcceptedAt = at,
            ItemId = "a",
            Patch = JsonElement.Parse("{}"),
            ChangeId = "c"
        };
        await trainer.SendAsync(patch, patch, new Command { Kind = CommandKind.DeleteItem, AcceptedAt = at, ItemId = "a" },
            patch with { ChangeId = "d" });
        Assert.Equal(new StatusCounters(DuplicateEvents: 2, ConflictingEvents: 1, DroppedEvents: 1, IgnoredItemChanges: 2),
            (await StatusAsync(trainer, trainer.Progress, 0)).Counters);
    }

    [Fact]
    public async Task The_status_has_the_score_mix_and_its_weights()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        Assert.Null((await StatusAsync(trainer, trainer.Progress, 0)).ScoreMix);
        await trainer.Mixes.EnsureAsync(Cancellation);
        var mix = (await StatusAsync(trainer, trainer.Progress, 0)).ScoreMix!;
        Assert.Equal(0, mix.Number);
        Assert.Equal(["anonymous", "known"], mix.Kinds.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([("model", 1d), ("rules", 1d)], mix.Kinds["known"].Weights.Select(weight => (weight.Key, weight.Value)));
    }

    private static Task<StatusResponse> StatusAsync(TrainerFixture trainer, Progress progress, long waiting) =>
        new StatusReader(trainer.Store, trainer.FactorStore, new WaitingStreams(waiting), progress, trainer.Reconciler,
            trainer.Mixes, trainer.Options, TimeProvider.System).ReadAsync(Cancellation);

    private static IEnumerable<long> Ordered(StatusResponse status) =>
        new[] { "accepted", "stored", "folded", "trained", "released" }.Select(stage => status.Watermarks[stage]);

    private class GoneStreams : IStreamAdministration
    {
        public virtual Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) => throw Gone();

        public Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) => throw Gone();

        public Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) => throw Gone();

        public Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken) =>
            throw Gone();

        private static StreamUnavailableException Gone() => new("The broker cannot be reached.");
    }

    private sealed class WaitingStreams(long waiting) : GoneStreams
    {
        public override Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long> { [Topology.Interactions] = waiting });
    }
}
