using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Resilience;
using Recommender.ServiceDefaults.Workers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class RepeatingWorkerTests
{
    private const string Lost =
        "Warning 1: Counting is interrupted: the server is away. It resumes when the dependency is available again.";
    private const string Returned = "Information 2: Counting has resumed.";
    private const string Failed = "Error 3: Counting failed. The next attempt follows in 30 s.";
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_round_is_at_once_and_others_follow_after_the_pause()
    {
        await using var run = await Run.StartAsync((_, _) => Task.FromResult(s_interval));
        await run.RoundsAsync(1);
        await run.AdvanceAsync(s_interval - TimeSpan.FromSeconds(1));
        Assert.Equal(1, run.Worker.Rounds);
        await run.AdvanceAsync(TimeSpan.FromSeconds(1));
        await run.RoundsAsync(2);
        Assert.Empty(run.Log);
    }

    [Fact]
    public async Task The_first_pause_is_waited_for()
    {
        await using var run = await Run.StartAsync((_, _) => Task.FromResult(s_interval), worker => worker.Before = s_interval);
        await run.AdvanceAsync(s_interval - TimeSpan.FromSeconds(1));
        Assert.Equal(0, run.Worker.Rounds);
        await run.AdvanceAsync(TimeSpan.FromSeconds(1));
        await run.RoundsAsync(1);
    }

    [Fact]
    public async Task A_request_starts_a_round_without_the_pause_and_requests_during_a_round_start_one_more()
    {
        var gate = new TaskCompletionSource();
        await using var run = await Run.StartAsync(async (round, token) =>
        {
            if (round == 2) await gate.Task.WaitAsync(token);
            return Timeout.InfiniteTimeSpan;
        });
        await run.RoundsAsync(1);
        run.Worker.Request();
        await run.RoundsAsync(2);
        for (int i = 0; i < 5; i++) run.Worker.Request();
        gate.SetResult();
        await run.RoundsAsync(3);
        await run.Worker.StopAsync(Cancel);
        Assert.Equal(3, run.Worker.Rounds);
    }

    [Fact]
    public async Task A_round_is_repeated_while_a_dependency_is_unavailable_and_loss_and_return_are_logged_once()
    {
        await using var run = await Run.StartAsync((round, _) =>
            round is > 1 and < 12 ? throw new Away() : Task.FromResult(s_interval));
        await run.RoundsAsync(1);
        Assert.Equal(HealthStatus.Healthy, (await run.HealthAsync()).Status);

        await run.AdvanceAsync(s_interval);
        await run.RoundsAsync(2);
        await Eventually.TrueAsync(() => run.Worker.CurrentProblem is not null);
        var health = await run.HealthAsync();
        Assert.Equal((HealthStatus.Degraded, "the server is away."), (health.Status, health.Description));

        // The pipeline's pauses are at most two seconds here: far less than the interval.
        for (int second = 0; second < 40 && run.Worker.Rounds < 12; second++) await run.AdvanceAsync(TimeSpan.FromSeconds(1));
        await run.RoundsAsync(12);
        await Eventually.TrueAsync(() => run.Worker.CurrentProblem is null);
        Assert.Equal([Lost, Returned], run.Log);
        Assert.Equal(HealthStatus.Healthy, (await run.HealthAsync()).Status);
        await run.AdvanceAsync(s_interval);
        await run.RoundsAsync(13);
    }

    [Fact]
    public async Task A_worker_with_its_own_pause_is_not_repeated_by_the_pipeline_and_can_be_requested_meanwhile()
    {
        await using var run = await Run.StartAsync(
            (round, _) => round < 4 ? throw new Away() : Task.FromResult(s_interval), worker => worker.Unavailable = s_interval);
        await run.RoundsAsync(1);
        await run.AdvanceAsync(s_interval - TimeSpan.FromSeconds(1));
        Assert.Equal(1, run.Worker.Rounds);
        await run.AdvanceAsync(TimeSpan.FromSeconds(1));
        await run.RoundsAsync(2);
        run.Worker.Request();
        await run.RoundsAsync(3);
        run.Worker.Request();
        await run.RoundsAsync(4);
        await Eventually.TrueAsync(() => run.Worker.CurrentProblem is null);
        Assert.Equal([Lost, Returned], run.Log);
    }

    [Fact]
    public async Task A_defect_ends_the_round_and_not_the_worker_and_is_logged_once_while_it_lasts()
    {
        await using var run = await Run.StartAsync((round, _) =>
            round < 4 ? throw new InvalidOperationException("a defect") : Task.FromResult(s_interval));
        await run.RoundsAsync(1);
        for (int round = 2; round <= 4; round++)
        {
            Assert.Equal(HealthStatus.Degraded, (await run.HealthAsync()).Status);
            await run.AdvanceAsync(TimeSpan.FromSeconds(29));
            Assert.Equal(round - 1, run.Worker.Rounds);
            await run.AdvanceAsync(TimeSpan.FromSeconds(1));
            await run.RoundsAsync(round);
        }

        await Eventually.TrueAsync(() => run.Worker.CurrentProblem is null);
        Assert.Equal([Failed, Returned], run.Log);
    }

    [Fact]
    public async Task A_cancellation_that_is_not_the_hosts_is_a_defect()
    {
        await using var run = await Run.StartAsync((round, _) =>
            round == 1 ? throw new TaskCanceledException("timed out") : Task.FromResult(s_interval));
        await run.RoundsAsync(1);
        await Eventually.TrueAsync(() => run.Worker.CurrentProblem == "timed out");
        await run.AdvanceAsync(TimeSpan.FromSeconds(30));
        await run.RoundsAsync(2);
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("round")]
    [InlineData("retry")]
    public async Task Stopping_ends_it_at_once(string during)
    {
        await using var run = await Run.StartAsync(async (_, token) =>
        {
            if (during == "retry") throw new Away();
            if (during == "round") await Task.Delay(Timeout.Infinite, token);
            return s_interval;
        });
        await run.RoundsAsync(1);
        // The clock stands still: nothing but the cancellation ends a pause.
        await run.Worker.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.True(run.Worker.ExecuteTask!.IsCompletedSuccessfully);
        Assert.DoesNotContain(run.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_concern_degrades_health_while_rounds_succeed()
    {
        await using var run = await Run.StartAsync((_, _) => Task.FromResult(s_interval), worker => worker.Worry = "late");
        await run.RoundsAsync(1);
        var health = await run.HealthAsync();
        Assert.Equal((HealthStatus.Degraded, "late"), (health.Status, health.Description));
    }

    [Fact]
    public async Task What_the_configuration_switches_off_does_no_round()
    {
        await using var run = await Run.StartAsync((_, _) => Task.FromResult(s_interval), worker => worker.IsOn = false);
        await run.Worker.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(0, run.Worker.Rounds);
    }

    private sealed class Away() : DependencyUnavailableException("the server is away.", null);

    /// <summary>A worker on a clock that the test moves.</summary>
    private sealed class Run(CountingWorker worker, CountingClock clock, Recorder recorder) : IAsyncDisposable
    {
        public CountingWorker Worker => worker;

        public IEnumerable<string> Log => recorder.Lines;

        public static async Task<Run> StartAsync(
            Func<int, CancellationToken, Task<TimeSpan>> round, Action<CountingWorker>? configure = null)
        {
            var clock = new CountingClock();
            var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddResiliencePipelines();
            services.ConfigureAll<RetryOptions>(retry => retry.MaxDelay = TimeSpan.FromSeconds(2));
            var recorder = new Recorder();
            var worker = new CountingWorker(
                round, services.BuildServiceProvider().GetRequiredService<ResiliencePipelineProvider<string>>(), clock, recorder);
            configure?.Invoke(worker);
            await worker.StartAsync(Cancel);
            return new Run(worker, clock, recorder);
        }

        public async Task RoundsAsync(int rounds) => await Eventually.TrueAsync(() => worker.Rounds >= rounds);

        /// <summary>Moves the clock once the worker waits by it.</summary>
        public async Task AdvanceAsync(TimeSpan by)
        {
            await Eventually.TrueAsync(() => clock.Waiting == 1);
            clock.Advance(by);
        }

        public Task<HealthCheckResult> HealthAsync() => worker.CheckHealthAsync(new HealthCheckContext(), Cancel);

        public async ValueTask DisposeAsync()
        {
            await worker.StopAsync(CancellationToken.None);
            worker.Dispose();
        }
    }

    private sealed class CountingWorker(
        Func<int, CancellationToken, Task<TimeSpan>> round, ResiliencePipelineProvider<string> pipelines, TimeProvider clock,
            ILogger logger)
        : RepeatingWorker("Counting", pipelines, clock, logger)
    {
        private int _rounds;

        public int Rounds => Volatile.Read(ref _rounds);

        public bool IsOn { get; set; } = true;

        public string? Worry { get; set; }

        public TimeSpan Before { get; set; }

        public TimeSpan? Unavailable { get; set; }

        protected override bool IsEnabled => IsOn;

        protected override string? Concern => Worry;

        protected override TimeSpan FirstPause => Before;

        protected override TimeSpan? PauseWhileUnavailable => Unavailable;

        public void Request() => RequestRound();

        protected override Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken) =>
            round(Interlocked.Increment(ref _rounds), cancellationToken);
    }

    /// <summary>Counts the timers that have not fired.</summary>
    private sealed class CountingClock : FakeTimeProvider
    {
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            int ended = 0;
            void End()
            {
                if (Interlocked.Exchange(ref ended, 1) == 0) Interlocked.Decrement(ref _waiting);
            }

            var timer = base.CreateTimer(
                given =>
                {
                    End();
                    callback(given);
                },
                state, dueTime, period);
            // Only now: a test that sees it waiting moves the clock.
            Interlocked.Increment(ref _waiting);
            return new CountedTimer(timer, End);
        }
    }

    private sealed class CountedTimer(ITimer timer, Action end) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            end();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            end();
            return timer.DisposeAsync();
        }
    }

    private sealed class Recorder : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id}: {formatter(state, exception)}");
    }
}
