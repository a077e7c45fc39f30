using System.Diagnostics;
using Recommender.Contracts;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    /// <summary>No test: prints figures of this machine. Run with <c>-explicit only</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Speed()
    {
        var output = TestContext.Current.TestOutputHelper!;
        var random = new Random(5);
        int count = int.Parse(Environment.GetEnvironmentVariable("SPEED_EVENTS")
            ?? "300000", System.Globalization.CultureInfo.InvariantCulture);
        using var self = Process.GetCurrentProcess();
        string Cpu(TimeSpan since,
            int events) => $"{(self.TotalProcessorTime - since).TotalMicroseconds / events:N1} µs of this process's CPU each";
        Interaction Next(int n) => new()
        {
            EventId = $"order-{n}-{random.Next():x8}",
            UserId = $"user-{random.Next(20_000)}",
            ItemId = $"item-{(int)(4_000 * Math.Pow(random.NextDouble(), 3))}",
            Type = n % 5 == 0 ? "purchase" : "view",
            Value = n % 5 == 0 ? n % 7 : null,
            OccurredAt = T0.AddMinutes(n),
        };
        foreach (int size in new[] { 500, 5_000 })
        {
            var batches = Enumerable.Range(0, count).Select(n => Next(n + size * 1_000)).Chunk(size).ToArray();
            var clock = Stopwatch.StartNew();
            self.Refresh();
            var cpu = self.TotalProcessorTime;
            foreach (var batch in batches) await Store.StoreInteractionsAsync(batch, Stop);
            self.Refresh();
            output.WriteLine($"store, batches of {size}: {count / clock.Elapsed.TotalSeconds:N0} events/s, {Cpu(cpu, count)}");
            clock.Restart();
            foreach (var batch in batches) await Store.StoreInteractionsAsync(batch, Stop);
            output.WriteLine($"the same again (duplicates): {count / clock.Elapsed.TotalSeconds:N0} events/s");
        }

        var one = Stopwatch.StartNew();
        for (int n = 0; n < 200; n++) await Store.StoreInteractionsAsync([Next(-n - 1)], Stop);
        output.WriteLine($"one event per transaction: {one.Elapsed.TotalMilliseconds / 200:N2} ms each");
        var keys = await Store.ListUserKeysAsync(0, 20_000, Stop);
        one.Restart();
        foreach (int key in keys.Take(500)) await Store.ReadUserEventsAsync([key], Stop);
        output.WriteLine($"history of one user: {one.Elapsed.TotalMilliseconds / 500:N2} ms");
        one.Restart();
        foreach (int[] chunk in keys.Chunk(500)) await Store.ReadUserEventsAsync(chunk, Stop);
        output.WriteLine($"histories of 500 users: {one.Elapsed.TotalMilliseconds / (keys.Count / 500):N1} ms");
        one.Restart();
        var log = await Store.ReadInteractionsAsync(long.MaxValue, Stop);
        output.WriteLine($"training data: {log.Count / one.Elapsed.TotalSeconds:N0} events/s");
        one.Restart();
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);
        output.WriteLine($"backup: {log.Count / one.Elapsed.TotalSeconds:N0} events/s, {backup.Length / log.Count} bytes each");
        one.Restart();
        long removed = 0;
        await foreach (var slice in Store.RemoveEventsBeforeAsync(T0.AddMinutes(500_000 + count / 2), Stop)) removed += slice.Removed;
        output.WriteLine($"retention: {removed / one.Elapsed.TotalSeconds:N0} events/s");
    }
}
