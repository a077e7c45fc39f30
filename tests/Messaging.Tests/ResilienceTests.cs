using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Recommender.ServiceDefaults.Resilience;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class ResilienceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [PipelineNames.Reconnect, PipelineNames.UntilAvailable];

    [Theory, MemberData(nameof(Names))]
    public async Task Work_is_repeated_until_it_succeeds_with_growing_pauses_up_to_the_longest(string name)
    {
        var clock = new InstantClock();
        int attempts = 0;
        int result = await Pipeline(name, clock).ExecuteAsync(
            new Outage(new Log(), "A server"), _ => ++attempts < 30 ? throw new IOException("gone") : Task.FromResult(7), Cancel);

        Assert.Equal((7, 30), (result, attempts));
        Assert.Equal(29, clock.Pauses.Count);
        Assert.All(clock.Pauses, pause => Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromSeconds(2)));
        Assert.True(clock.Pauses.First() < TimeSpan.FromMilliseconds(500));
        Assert.Equal(TimeSpan.FromSeconds(2), clock.Pauses.Last());
    }

    [Fact]
    public async Task An_outage_is_logged_once_when_it_begins_and_once_when_it_ends()
    {
        var log = new Log();
        var outage = new Outage(log, "A server");
        var pipeline = Pipeline(PipelineNames.Reconnect, new InstantClock());
        int attempts = 0;
        Task<int> Work(CancellationToken _) => ++attempts % 5 != 0 ? throw new IOException("gone") : Task.FromResult(attempts);
        await pipeline.ExecuteAsync(outage, Work, Cancel);
        const string Begin = "Warning: A server cannot be used; retrying until it can: ", End = "Information: A server is available again";
        Assert.Equal([Begin + "gone", End], log.Lines);

        // An outage that shows before the next attempt is the same one.
        outage.Begin("the connection is lost");
        await pipeline.ExecuteAsync(outage, Work, Cancel);
        Assert.Equal([Begin + "the connection is lost", End], log.Lines.Skip(2));

        await pipeline.ExecuteAsync(outage, _ => Task.FromResult(0), Cancel);
        Assert.Equal(4, log.Lines.Count);
    }

    [Fact]
    public async Task What_is_no_outage_is_the_callers()
    {
        int attempts = 0;
        var outage = new Outage(new Log(), "A server", failure => failure is IOException);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Pipeline(PipelineNames.UntilAvailable, new InstantClock())
            .ExecuteAsync<int>(outage, _ => ++attempts == 1 ? throw new IOException() : throw new ArgumentException("wrong"), Cancel));
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task Cancellation_ends_the_retries()
    {
        using var stop = new CancellationTokenSource();
        int attempts = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Pipeline(PipelineNames.UntilAvailable, new InstantClock())
            .ExecuteAsync<int>(new Outage(new Log(), "A server"), async token =>
            {
                if (++attempts == 3) await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
                throw new IOException("gone");
            }, stop.Token));
        Assert.Equal(3, attempts);
    }

    [Fact]
    public async Task Cancellation_of_anything_else_is_a_failure_like_others()
    {
        int attempts = 0;
        await Pipeline(PipelineNames.UntilAvailable, new InstantClock())
            .ExecuteAsync(
                new Outage(new Log(), "A server"), _ => ++attempts == 1 ? throw new OperationCanceledException()
                    : Task.FromResult(0), Cancel);
        Assert.Equal(2, attempts);
    }

    /// <summary>As a process of several services registers them: more than once.</summary>
    private static ResiliencePipeline Pipeline(string name, TimeProvider clock)
    {
        var services = new ServiceCollection().AddSingleton(clock).AddResiliencePipelines().AddResiliencePipelines();
        services.ConfigureAll<RetryOptions>(retry => retry.MaxDelay = TimeSpan.FromSeconds(2));
        return services.BuildServiceProvider().GetRequiredService<ResiliencePipelineProvider<string>>().GetPipeline(name);
    }

    /// <summary>Every pause is over at once, and noted.</summary>
    private sealed class InstantClock : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    private sealed class Log : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
