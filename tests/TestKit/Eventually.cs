using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Recommender.TestKit;

/// <summary>Waits for conditions. The deadline only ends a test that would fail anyway; it is no measurement.</summary>
public static class Eventually
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Returns once the condition holds, with the time that took. Fails the test at the deadline.</summary>
    public static Task<TimeSpan> TrueAsync(Func<bool> condition, TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => Task.FromResult(condition()), deadline, what);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, string)"/>
    public static async Task<TimeSpan> TrueAsync(Func<Task<bool>> condition, TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > (deadline ?? DefaultDeadline))
                Assert.Fail($"Not true within {(deadline ?? DefaultDeadline).TotalSeconds:0} s: {what}");
            await PauseAsync(clock.Elapsed);
        }
        return clock.Elapsed;
    }

    /// <summary>Returns the first value that is not null. Fails the test at the deadline.</summary>
    public static async Task<T> ValueAsync<T>(Func<Task<T?>> value, TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(value))] string what = "") where T : class
    {
        T? found = null;
        await TrueAsync(async () => (found = await value()) is not null, deadline, what);
        return found!;
    }

    /// <summary>Returns the first value equal to the expected one. Fails the test at the deadline, naming the last value seen.</summary>
    public static async Task EqualAsync<T>(T expected, Func<Task<T>> value, TimeSpan? deadline = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            T last = await value();
            if (EqualityComparer<T>.Default.Equals(last, expected)) return;
            if (clock.Elapsed > (deadline ?? DefaultDeadline)) Assert.Equal(expected, last);
            await PauseAsync(clock.Elapsed);
        }
    }

    /// <summary>Returns once the assertion passes. At the deadline its last failure is the test's failure.</summary>
    public static async Task PassesAsync(Func<Task> assertion, TimeSpan? deadline = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await assertion();
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException && clock.Elapsed < (deadline ?? DefaultDeadline))
            {
                await PauseAsync(clock.Elapsed);
            }
        }
    }

    /// <summary>What has not come at once is asked for less often: a question costs the processes that answer it the time they need to get
    /// there.</summary>
    private static Task PauseAsync(TimeSpan waited) =>
        Task.Delay((int)Math.Clamp(waited.TotalMilliseconds / 50, 5, 100), TestContext.Current.CancellationToken);
}
