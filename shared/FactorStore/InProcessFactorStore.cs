using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Recommender.Contracts;

namespace Recommender.FactorStore;

/// <summary>The factor store of the embedded mode: everything in this process's memory, rebuilt from the store at start.</summary>
/// <remarks>Byte arrays it returns are shared and must not be written to.</remarks>
public sealed class InProcessFactorStore : IFactorStore
{
    private readonly ConcurrentDictionary<UserRef, byte[]> users = new();
    private readonly ConcurrentDictionary<long, byte[]> models = new();
    private readonly Lock itemsLock = new();
    private readonly Dictionary<int, Entry> items = [];
    private readonly SortedDictionary<long, int> feed = [];
    private long sequence;
    private long released;
    private volatile string? generation;
    private volatile IReadOnlyList<string> eventTypes = [];

    public ValueTask<byte[]?> GetUserAsync(UserRef user) => ValueTask.FromResult(UserStateOrder.Visible(users.GetValueOrDefault(user)));

    public ValueTask<PooledValue> LeaseUserAsync(UserRef user) => ValueTask.FromResult(PooledValue.Of(UserStateOrder.Visible(users.GetValueOrDefault(user))));

    public Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken)
    {
        foreach (var user in users) Put(user.User, user.Encode());
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int BatchUsers = 1000;
        var batch = new List<UserFactor>(BatchUsers);
        foreach (var (user, value) in users)
        {
            if (user.IsSession || UserStateOrder.Visible(value) is not { } visible) continue;
            batch.Add(new(user.Id, visible));
            if (batch.Count < BatchUsers) continue;
            yield return batch;
            cancellationToken.ThrowIfCancellationRequested();
            batch = new(BatchUsers);
            await Task.Yield();
        }

        yield return batch;
    }

    public Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank, CancellationToken cancellationToken)
    {
        var found = new List<UserFactor>(userIds.Count);
        foreach (string userId in userIds)
            if (UserStateOrder.Visible(users.GetValueOrDefault(UserRef.User(userId))) is { } value) found.Add(new(userId, value));
        return Task.FromResult<IReadOnlyList<UserFactor>>(found);
    }

    public Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            if (names.Count >= eventTypes.Count) eventTypes = [.. names];
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) => Task.FromResult(eventTypes);

    public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken)
    {
        foreach (var user in users) this.users.TryRemove(user, out _);
        return Task.CompletedTask;
    }

    public Task EraseUsersAsync(IReadOnlyList<UserRef> users, long revision, CancellationToken cancellationToken)
    {
        byte[] erased = UserStateOrder.Erased(revision);
        foreach (var user in users) Put(user, erased);
        _ = ForgetLaterAsync();
        return Task.CompletedTask;

        async Task ForgetLaterAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(UserStateOrder.ErasedSeconds), CancellationToken.None).ConfigureAwait(false);
            foreach (var user in users) this.users.TryRemove(new(user, erased));
        }
    }

    public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            foreach (var item in items)
            {
                var current = this.items.GetValueOrDefault(item.ItemKey);
                var next = current is null ? new Entry(item, item.Version, item.Version) : current;
                if (item.Version >= next.AttributesVersion)
                    next = next with { Record = item with { Popularity = next.Record.Popularity, Trend = next.Record.Trend, Factor = next.Record.Factor }, AttributesVersion = item.Version };
                if (item.Version >= next.StatisticsVersion)
                    next = next with { Record = next.Record with { Popularity = item.Popularity, Trend = item.Trend }, StatisticsVersion = item.Version };
                if (!ReferenceEquals(next, current)) Put(next);
            }

            return Task.FromResult(sequence);
        }
    }

    public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            foreach (var s in statistics)
            {
                var current = items.GetValueOrDefault(s.ItemKey);
                if (current is not null && (s.Version < current.StatisticsVersion || (current.Record.Popularity == s.Popularity && current.Record.Trend.Equals(s.Trend)))) continue;
                current ??= new Entry(new ItemRecord { ItemKey = s.ItemKey, ItemId = s.ItemId, CreatedAt = DateTimeOffset.UtcNow }, AttributesVersion: 0, s.Version);
                Put(current with { Record = current.Record with { Popularity = s.Popularity, Trend = s.Trend }, StatisticsVersion = s.Version });
            }

            return Task.FromResult(sequence);
        }
    }

    public Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken)
    {
        lock (itemsLock)
        {
            foreach (var factor in factors)
            {
                if (!items.TryGetValue(factor.ItemKey, out var current)) continue;
                if (current.Record.Factor is { } before && before.ModelVersion == factor.ModelVersion && before.Values.Span.SequenceEqual(factor.Values.Span)) continue;
                Put(current with { Record = current.Record with { Factor = new(factor.ModelVersion, factor.Values.ToArray()) } });
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

    private void Put(UserRef user, byte[] value) =>
        users.AddOrUpdate(user, value, (_, current) => UserStateOrder.Replaces(value, current) ? value : current);

    private void Put(Entry entry)
    {
        feed.Remove(entry.Sequence);
        sequence++;
        items[entry.Record.ItemKey] = entry with { Sequence = sequence };
        feed[sequence] = entry.Record.ItemKey;
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

    /// <param name="Sequence">Its place in the feed; 0 before it has one.</param>
    private sealed record Entry(ItemRecord Record, long AttributesVersion, long StatisticsVersion, long Sequence = 0);
}
