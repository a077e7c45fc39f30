using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging;
using Recommender.ServiceDefaults;
using Recommender.TestKit;

namespace Recommender.Trainer.Tests;

/// <summary>What operators see: watermarks, and errors as problem details.</summary>
public class OperateTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watermarks_keep_their_order_over_a_restart_and_while_a_fold_in_fails()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        var info = await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync(TrainerFixture.Event("late", "item-0-0", Start.AddDays(9)));
        long sequence = (await trainer.Store.GetStatusAsync(Cancellation)).Sequence;

        // A process that has just started: it has folded nothing in itself.
        var restarted = new Progress();
        var status = await StatusAsync(trainer, restarted, waiting: 0);
        Assert.Equal([sequence, sequence, sequence, info!.Watermark, info.Watermark], Ordered(status));
        Assert.True(info.Watermark < sequence);

        // What waits may be events that were stored and not folded in: then only what a model has seen is certain.
        Assert.Equal(info.Watermark, (await StatusAsync(trainer, restarted, waiting: 1)).Watermarks["folded"]);

        // A batch in hand counts as stored, and as folded in only when it is.
        restarted.Storing();
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
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };

        await AssertProblemAsync(await client.GetAsync("v1/models/7", Cancellation), HttpStatusCode.NotFound, "urn:recommender:problem:not-found", null);
        await AssertProblemAsync(await client.PostAsync("v1/models/7/release", null, Cancellation), HttpStatusCode.NotFound, "urn:recommender:problem:not-found", null);
        await AssertProblemAsync(await client.GetAsync("v1/users?limit=0", Cancellation), HttpStatusCode.BadRequest, "urn:recommender:problem:invalid-field", "limit");
        var gone = await client.GetAsync("v1/deadletters", Cancellation);
        Assert.NotNull(gone.Headers.RetryAfter);
        await AssertProblemAsync(gone, HttpStatusCode.ServiceUnavailable, "urn:recommender:problem:unavailable", null);
        await app.StopAsync(Cancellation);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string type, string? field)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal(type, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(field, problem.RootElement.TryGetProperty("field", out var named) ? named.GetString() : null);
    }

    private static Task<StatusResponse> StatusAsync(TrainerFixture trainer, Progress progress, long waiting) =>
        new StatusReader(trainer.Store, trainer.FactorStore, new WaitingStreams(waiting), progress, trainer.Reconciler, TimeProvider.System).ReadAsync(Cancellation);

    private static IEnumerable<long> Ordered(StatusResponse status) =>
        new[] { "accepted", "stored", "folded", "trained", "released" }.Select(stage => status.Watermarks[stage]);

    private class GoneStreams : IStreamAdministration
    {
        public virtual Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) => throw Gone();

        public Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) => throw Gone();

        public Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) => throw Gone();

        public Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken) => throw Gone();

        private static StreamUnavailableException Gone() => new("The broker cannot be reached.");
    }

    private sealed class WaitingStreams(long waiting) : GoneStreams
    {
        public override Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long> { [Topology.Interactions] = waiting });
    }
}
