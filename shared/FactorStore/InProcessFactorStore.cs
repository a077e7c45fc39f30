using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;

namespace Recommender.FactorStore;

/// <summary>The factor store of the embedded mode: in the memory of the process, rebuilt from the store at start.</summary>
/// <remarks>Returned byte arrays are shared and must not be changed.</remarks>
public sealed class InProcessFactorStore : IFactorStore
{
    private readonly ConcurrentDictionary<UserRef, byte[]> _users = new();
    private readonly ConcurrentDictionary<long, byte[]> _models = new();
    private readonly InProcessTransitions _transitions = new();
    private readonly Lock _itemsLock = new();
    private readonly Dictionary<int, Entry> _items = [];
    private readonly SortedDictionary<long, int> _feed = [];
    private readonly Dictionary<int, ItemVector> _vectors = [];
    private long _sequence;
    private long _released;
    private volatile string? _generation;
    private volatile IReadOnlyList<string> _eventTypes = [];

    public ValueTask<byte[]?> GetUserAsync(UserRef user) => ValueTask.FromResult(UserStateOrder.Visible(_users.GetValueOrDefault(user)));

    public ValueTask<PooledValue> LeaseUserAsync(UserRef user) =>
        ValueTask.FromResult(PooledValue.Of(UserStateOrder.Visible(_users.GetValueOrDefault(user))));

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
        foreach (var (user, value) in _users)
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
            if (UserStateOrder.Visible(_users.GetValueOrDefault(UserRef.User(userId))) is { } value) found.Add(new(userId, value));
        return Task.FromResult<IReadOnlyList<UserFactor>>(found);
    }

    public Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        lock (_itemsLock)
        {
            if (names.Count >= _eventTypes.Count) _eventTypes = [.. names];
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) => Task.FromResult(_eventTypes);

    public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken)
    {
        foreach (var user in users) this._users.TryRemove(user, out _);
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
            foreach (var user in users) this._users.TryRemove(new(user, erased));
        }
    }

    public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken)
    {
        lock (_itemsLock)
        {
            foreach (var item in items)
            {
                var current = this._items.GetValueOrDefault(item.ItemKey);
                var next = current is null ? new Entry(item, item.Version, item.Version) : current;
                if (item.Version >= next.AttributesVersion)
                    next = next with
                    {
                        Record = item with
                        {
                            Popularity = next.Record.Popularity,
                            Trend = next.Record.Trend,
                            Factor = next.Record.Factor
                        },
                        AttributesVersion = item.Version
                    };
                if (item.Version >= next.StatisticsVersion)
                    next = next with
                    {
                        Record = next.Record with { Popularity = item.Popularity, Trend = item.Trend },
                        StatisticsVersion = item.Version
                    };
                if (!ReferenceEquals(next, current)) Put(next);
            }

            return Task.FromResult(_sequence);
        }
    }

    public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken)
    {
        lock (_itemsLock)
        {
            foreach (var s in statistics)
            {
                var current = _items.GetValueOrDefault(s.ItemKey);
                if (current is not null && (s.Version < current.StatisticsVersion
                    || (current.Record.Popularity == s.Popularity && current.Record.Trend.Equals(s.Trend)))) continue;
                current ??= new Entry(new ItemRecord { ItemKey = s.ItemKey, ItemId = s.ItemId, CreatedAt = DateTimeOffset.UtcNow },
                    AttributesVersion: 0, s.Version);
                Put(current with
                {
                    Record = current.Record with { Popularity = s.Popularity, Trend = s.Trend },
                    StatisticsVersion = s.Version
                });
            }

            return Task.FromResult(_sequence);
        }
    }

    public Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken)
    {
        lock (_itemsLock)
        {
            foreach (var factor in factors)
            {
                if (!_items.TryGetValue(factor.ItemKey, out var current)) continue;
                if (current.Record.Factor is { } before && before.ModelVersion == factor.ModelVersion
                    && before.Values.Span.SequenceEqual(factor.Values.Span)) continue;
                Put(current with { Record = current.Record with { Factor = new(factor.ModelVersion, factor.Values.ToArray()) } });
            }

            return Task.FromResult(_sequence);
        }
    }

    public Task<long> PutItemVectorsAsync(IReadOnlyList<ItemVectorRecord> vectors, CancellationToken cancellationToken)
    {
        lock (_itemsLock)
        {
            foreach (var (key, vector) in vectors)
            {
                bool isSame = _vectors.TryGetValue(key, out var before) && before.Model == vector.Model
                    && before.Bytes.Span.SequenceEqual(vector.Bytes.Span);
                if (isSame) continue;
                _vectors[key] = vector with { Bytes = vector.Bytes.ToArray() };
                if (_items.TryGetValue(key, out var current)) Put(current);
            }

            return Task.FromResult(_sequence);
        }
    }

    public Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken)
    {
        limit = ItemChanges.LimitOf(limit);
        lock (_itemsLock)
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

                changed.Add(_items[key].Record with { TextVector = _vectors.GetValueOrDefault(key) });
                reached = at;
            }

            return Task.FromResult(new ItemChanges
            {
                Generation = _generation,
                Items = changed,
                Sequence = more ? reached
                : _sequence,
                More = more
            });
        }
    }

    public Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken)
    {
        _models[version] = model.ToArray();
        return Task.CompletedTask;
    }

    public Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken) =>
        Task.FromResult(_models.GetValueOrDefault(version));

    public Task DeleteModelAsync(long version, CancellationToken cancellationToken)
    {
        _models.TryRemove(version, out _);
        return Task.CompletedTask;
    }

    public Task SetReleasedAsync(long version, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _released, version);
        return Task.CompletedTask;
    }

    public Task<long?> GetReleasedAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Volatile.Read(ref _released) is var version and not 0 ? version : (long?)null);

    public Task<string?> GetGenerationAsync(CancellationToken cancellationToken) => Task.FromResult(_generation);

    public Task SetGenerationAsync(string generation, CancellationToken cancellationToken)
    {
        this._generation = generation;
        return Task.CompletedTask;
    }

    public Task<TransitionWatermark?> GetTransitionWatermarkAsync(CancellationToken cancellationToken) =>
        Task.FromResult(_transitions.Watermark);

    public Task<TransitionWrite> PutTransitionsAsync(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark,
        CancellationToken cancellationToken) => Task.FromResult(_transitions.Put(rows, watermark));

    public Task<TransitionWatermark> CompleteTransitionsAsync(TransitionWatermark watermark, string? replaced,
        CancellationToken cancellationToken) => Task.FromResult(_transitions.Complete(watermark, replaced));

    public Task ClearTransitionsAsync(CancellationToken cancellationToken)
    {
        _transitions.Clear();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<TransitionRowRecord>> ReadTransitionsAsync(IReadOnlyCollection<int> itemKeys,
        CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TransitionRowRecord>>(_transitions.Read(itemKeys));

    public Task<TransitionChanges> ReadTransitionChangesAsync(long afterPosition, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(_transitions.ReadChanges(afterPosition, Math.Clamp(limit, 1, 2000)));

    public Task PutScoreMixAsync(long number, ReadOnlyMemory<byte> mix, CancellationToken cancellationToken)
    {
        _transitions.PutMix(number, mix.ToArray());
        return Task.CompletedTask;
    }

    public async Task WatchTransitionsAsync(Action changed, CancellationToken cancellationToken)
    {
        _transitions.Watch(changed);
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _transitions.Unwatch(changed);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Put(UserRef user, byte[] value) =>
        _users.AddOrUpdate(user, value, (_, current) => UserStateOrder.Replaces(value, current) ? value : current);

    private void Put(Entry entry)
    {
        _feed.Remove(entry.Sequence);
        _sequence++;
        _items[entry.Record.ItemKey] = entry with { Sequence = _sequence };
        _feed[_sequence] = entry.Record.ItemKey;
    }

    /// <summary>The feed after a position. Most readers are near its end, so it is not searched from the start.</summary>
    private IEnumerable<(long Sequence, int Key)> Behind(long afterSequence)
    {
        if (_sequence - afterSequence <= _feed.Count)
        {
            for (long at = afterSequence + 1; at <= _sequence; at++)
                if (_feed.TryGetValue(at, out int key)) yield return (at, key);
        }
        else
        {
            foreach (var (at, key) in _feed)
                if (at > afterSequence) yield return (at, key);
        }
    }

    /// <param name="Sequence">Position in the feed; 0 before the first.</param>
    private sealed record Entry(ItemRecord Record, long AttributesVersion, long StatisticsVersion, long Sequence = 0);
}
