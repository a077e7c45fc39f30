using System.Collections.Concurrent;
using Recommender.Contracts;

namespace Recommender.FactorStore;

/// <summary>The factor store of the embedded mode: everything in this process's memory, rebuilt from the store at start.</summary>
/// <remarks>Byte arrays it returns are shared and must not be written to.</remarks>
public sealed class InProcessFactorStore : IFactorStore
{
    private readonly ConcurrentDictionary<UserRef, byte[]> users = new();
    private readonly ConcurrentDictionary<long, byte[]> models = new();
    private readonly Lock itemsLock = new();
    private readonly Dictionary<int, (ItemRecord Record, long Sequence)> items = [];
    private readonly SortedDictionary<long, int> feed = [];
    private long sequence;
    private long released;
    private volatile string? generation;

    public ValueTask<byte[]?> GetUserAsync(UserRef user) => ValueTask.FromResult(users.GetValueOrDefault(user));

    public Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken)
    {
        foreach (var user in users)
        {
            byte[] value = user.Encode();
            this.users.AddOrUpdate(user.User, value, (_, current) => UserStateOrder.IsNewer(value, current) ? value : current);
        }

        return Task.CompletedTask;
    }

    public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken)
    {
        foreach (var user in users) this.users.TryRemove(user, out _);
        return Task.CompletedTask;
    }

    public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            foreach (var item in items) Put(item);
            return Task.FromResult(sequence);
        }
    }

    public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            foreach (var s in statistics)
            {
                var record = items.TryGetValue(s.ItemKey, out var current)
                    ? current.Record
                    : new ItemRecord { ItemKey = s.ItemKey, ItemId = s.ItemId, CreatedAt = DateTimeOffset.UtcNow };
                Put(record with { Popularity = s.Popularity, Trend = s.Trend });
            }

            return Task.FromResult(sequence);
        }
    }

    public Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            var changed = new List<ItemRecord>();
            long reached = afterSequence;
            bool more = false;
            foreach (var (at, key) in Behind(afterSequence))
            {
                if (changed.Count >= limit)
                {
                    more = true;
                    break;
                }

                changed.Add(items[key].Record);
                reached = at;
            }

            return Task.FromResult(new ItemChanges { Generation = generation, Items = changed, Sequence = more ? reached : sequence, More = more });
        }
    }

    public Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken)
    {
        models[version] = model.ToArray();
        return Task.CompletedTask;
    }

    public Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken) => Task.FromResult(models.GetValueOrDefault(version));

    public Task DeleteModelAsync(long version, CancellationToken cancellationToken)
    {
        models.TryRemove(version, out _);
        return Task.CompletedTask;
    }

    public Task SetReleasedAsync(long version, CancellationToken cancellationToken)
    {
        Volatile.Write(ref released, version);
        return Task.CompletedTask;
    }

    public Task<long?> GetReleasedAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Volatile.Read(ref released) is var version and not 0 ? version : (long?)null);

    public Task<string?> GetGenerationAsync(CancellationToken cancellationToken) => Task.FromResult(generation);

    public Task SetGenerationAsync(string generation, CancellationToken cancellationToken)
    {
        this.generation = generation;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Put(ItemRecord record)
    {
        if (items.TryGetValue(record.ItemKey, out var current)) feed.Remove(current.Sequence);
        items[record.ItemKey] = (record, ++sequence);
        feed[sequence] = record.ItemKey;
    }

    /// <summary>The feed behind a position. Most readers are near its end, which a walk of the whole feed would make slow.</summary>
    private IEnumerable<(long Sequence, int Key)> Behind(long afterSequence)
    {
        if (sequence - afterSequence <= feed.Count)
        {
            for (long at = afterSequence + 1; at <= sequence; at++)
                if (feed.TryGetValue(at, out int key)) yield return (at, key);
        }
        else
        {
            foreach (var (at, key) in feed)
                if (at > afterSequence) yield return (at, key);
        }
    }
}

/// <summary>Which of two encoded <see cref="UserState"/> values is newer: their first 16 bytes, compared as bytes.</summary>
internal static class UserStateOrder
{
    public static bool IsNewer(ReadOnlySpan<byte> value, ReadOnlySpan<byte> current) =>
        current.Length < 16 || value[..16].SequenceCompareTo(current[..16]) > 0;
}
