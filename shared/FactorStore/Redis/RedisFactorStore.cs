using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Users;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

/// <summary>The factor store for servers: one Redis, one with replicas, or a Redis Cluster, by connection string.</summary>
/// <remarks>
/// Keys (what must sit together in a cluster shares a hash tag):
/// <code>
/// rec:u:ID, rec:s:ID        user's, session's value (UserState); 16 bytes for an erased one, for UserStateOrder.ErasedSeconds
/// rec:{items}:attributes    hash: item key → attributes (ItemEncoding)
/// rec:{items}:statistics    hash: item key → popularity and trend
/// rec:{items}:factors       hash: item key → factor, of items that the released model was not trained with
/// rec:{items}:vectors       hash: item key → encoder and content vector of the text
/// rec:{items}:feed          sorted set: item key by the sequence of its last change
/// rec:{items}:sequence      counter
/// rec:{items}:generation    name of the content; absent after a loss of everything
/// rec:{transitions}:rows    hash: item key → revision and transition row
/// rec:{transitions}:feed    sorted set: item key by the position of its last change
/// rec:{transitions}:position    counter
/// rec:{transitions}:generation  name of the content; absent while it is incomplete
/// rec:{transitions}:watermark   sequence up to which all rows include all events
/// rec:{transitions}:mix     number and score mix
/// rec:{transitions}:changed     channel: rows or the mix changed
/// rec:model:{V}             length of model V, written after its chunks
/// rec:model:{V}:N           chunk N
/// rec:released              version
/// rec:types                 hash: id of an event type → name
/// </code>
/// Connects in the background and again after every loss; until then calls fail at once.
/// </remarks>
public sealed partial class RedisFactorStore : IFactorStore
{
    private const int UsersPerPipeline = 256, KeysPerScan = 1000, ItemsPerScript = 200, ChunkBytes = 1 << 20, ChunksAtOnce = 4;
    private const string UserPrefix = "rec:u:", SessionPrefix = "rec:s:";
    private static readonly RedisKey[] s_itemKeys =
        ["rec:{items}:attributes", "rec:{items}:statistics", "rec:{items}:feed", "rec:{items}:sequence"];
    private static readonly RedisKey s_generationKey = "rec:{items}:generation";
    private static readonly RedisKey[] s_factorKeys = [.. s_itemKeys, "rec:{items}:factors"];
    private static readonly RedisKey[] s_vectorKeys = [.. s_itemKeys, "rec:{items}:vectors"];
    private static readonly RedisKey[] s_readKeys = [.. s_factorKeys, s_generationKey, s_vectorKeys[^1]];
    private static readonly RedisKey s_releasedKey = "rec:released";
    private static readonly RedisKey s_typesKey = "rec:types";

    private readonly ConfigurationOptions _options;
    private readonly TimeSpan _timeout;
    private readonly Task<ConnectionMultiplexer> _connecting;
    private readonly UserReader? _userReader;

    /// <summary>A separate connection for models, so that megabytes do not delay the values of users.</summary>
    private readonly Lazy<Task<ConnectionMultiplexer>> _connectingForModels;

    /// <exception cref="ArgumentException">The connection string is malformed.</exception>
    public RedisFactorStore(string connectionString)
    {
        _options = ConfigurationOptions.Parse(connectionString);
        _options.AbortOnConnectFail = false;
        // The client treats listing the nodes of a cluster as an administrative command.
        _options.AllowAdmin = true;
        // Otherwise commands, and requests with them, would wait for a reconnect until the timeout.
        _options.BacklogPolicy = BacklogPolicy.FailFast;
        _timeout = TimeSpan.FromMilliseconds(_options.SyncTimeout);
        _connecting = ConnectionMultiplexer.ConnectAsync(_options);
        _connectingForModels = new(() => ConnectionMultiplexer.ConnectAsync(_options));
        // Asks the connection for the nodes of a cluster.
        _userReader = UserReader.TryCreate(_options, _timeout, General);
    }

    /// <summary>The general client, for reads that <see cref="UserReader"/> does not support.</summary>
    internal UserReader.IGeneralReader General => new GeneralReader(this);

    public ValueTask<PooledValue> LeaseUserAsync(UserRef user) =>
        _userReader is not null && _userReader.TryRead(user.IsSession ? SessionPrefix : UserPrefix, user, out var value) ? value
        : ReadWithClientAsync(user);

    public async ValueTask<byte[]?> GetUserAsync(UserRef user)
    {
        try
        {
            var connection = _connecting.IsCompletedSuccessfully ? _connecting.Result
                : await _connecting.WaitAsync(_timeout).ConfigureAwait(false);
            return UserStateOrder.Visible(await connection.GetDatabase().StringGetAsync(KeyOf(user)).WaitAsync(_timeout)
                .ConfigureAwait(false));
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            throw Unavailable(e);
        }
    }

    public Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken) =>
        PutAsync(users.Count, i => (KeyOf(users[i].User), users[i].Encode()), expirySeconds: 0, cancellationToken);

    public async IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var servers = await RunForModelsAsync(database => Task.FromResult(Masters(database.Multiplexer)), cancellationToken)
            .ConfigureAwait(false);
        foreach (var server in servers)
        {
            await using var keys = server.KeysAsync(_options.DefaultDatabase ?? 0, UserPrefix + "*", KeysPerScan)
                .GetAsyncEnumerator(cancellationToken);
            bool isMore = true;
            while (isMore)
            {
                var userIds = new List<string>(UsersPerPipeline);
                isMore = await RunForModelsAsync(_ => ReadKeysAsync(keys, userIds, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
                yield return await GetUserFactorsAsync(userIds, rank, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank,
        CancellationToken cancellationToken) =>
        RunForModelsAsync(async database =>
        {
            var found = new List<UserFactor>(userIds.Count);
            foreach (string[] chunk in userIds.Chunk(UsersPerPipeline))
            {
                var reads = new Task<RedisValue>[chunk.Length];
                for (int i = 0; i < reads.Length; i++)
                    reads[i] = database.StringGetRangeAsync(UserPrefix + chunk[i], 0, UserFactor.Bytes(rank) - 1);
                var starts = await Task.WhenAll(reads).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
                for (int i = 0; i < starts.Length; i++)
                    if (UserStateOrder.Visible(starts[i]) is { Length: >= UserState.HeaderBytes } start) found.Add(new(chunk[i], start));
            }

            return (IReadOnlyList<UserFactor>)found;
        }, cancellationToken);

    public Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        names.Count == 0
            ? Task.CompletedTask
            : RunAsync(async database =>
            {
                await database.HashSetAsync(s_typesKey, [.. names.Select((name, id) => new HashEntry(id, name))])
                    .WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
                return true;
            }, cancellationToken);

    public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            var entries = await database.HashGetAllAsync(s_typesKey).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
            return (IReadOnlyList<string>)[.. entries.OrderBy(entry => (int)entry.Name).Select(entry => (string)entry.Value!)];
        }, cancellationToken);

    public Task EraseUsersAsync(IReadOnlyList<UserRef> users, long revision, CancellationToken cancellationToken)
    {
        byte[] erased = UserStateOrder.Erased(revision);
        return PutAsync(users.Count, i => (KeyOf(users[i]), erased), UserStateOrder.ErasedSeconds, cancellationToken);
    }

    public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            foreach (var chunk in users.Chunk(UsersPerPipeline))
                await Task.WhenAll(chunk.Select(user => database.KeyDeleteAsync(KeyOf(user)))).WaitAsync(_timeout, cancellationToken)
                    .ConfigureAwait(false);
            return true;
        }, cancellationToken);

    public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken) =>
        PutItemsAsync(RedisScripts.PutItems, s_itemKeys, items.Count,
        i => [items[i].ItemKey, ItemEncoding.Attributes(items[i]),
            ItemEncoding.Statistics(items[i].Popularity, items[i].Trend, items[i].Version)], cancellationToken);

    public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        return PutItemsAsync(RedisScripts.PutStatistics, s_itemKeys, statistics.Count, i =>
        {
            var s = statistics[i];
            var bare = new ItemRecord { ItemKey = s.ItemKey, ItemId = s.ItemId, CreatedAt = now };
            return [s.ItemKey, ItemEncoding.Attributes(bare), ItemEncoding.Statistics(s.Popularity, s.Trend, s.Version)];
        }, cancellationToken);
    }

    public Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken) =>
        PutItemsAsync(RedisScripts.PutFactors, s_factorKeys, factors.Count, i => [factors[i].ItemKey, ItemEncoding.Factor(factors[i])],
        cancellationToken);

    public Task<long> PutItemVectorsAsync(IReadOnlyList<ItemVectorRecord> vectors, CancellationToken cancellationToken) =>
        PutItemsAsync(RedisScripts.PutVectors, s_vectorKeys, vectors.Count,
        i => [vectors[i].ItemKey, ItemEncoding.Vector(vectors[i].Vector)], cancellationToken);

    public Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            limit = ItemChanges.LimitOf(limit);
            var answer = (RedisResult[])(await EvaluateAsync(database, RedisScripts.ReadChanges, s_readKeys, [afterSequence, limit],
                cancellationToken).ConfigureAwait(false))!;
            var feed = (RedisResult[])answer[2]!;
            var attributes = (RedisResult[])answer[3]!;
            var statistics = (RedisResult[])answer[4]!;
            var factors = (RedisResult[])answer[5]!;
            var vectors = (RedisResult[])answer[6]!;
            var items = new ItemRecord[feed.Length / 2];
            long reached = afterSequence;
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = ItemEncoding.Read((int)feed[2 * i], (byte[]?)attributes[i], (byte[]?)statistics[i], (byte[]?)factors[i],
                    (byte[]?)vectors[i]);
                reached = long.Parse((string)feed[2 * i + 1]!, NumberStyles.Float, CultureInfo.InvariantCulture);
            }

            long newest = (long)answer[1];
            bool more = items.Length == limit && reached < newest;
            return new ItemChanges { Generation = (string?)answer[0], Items = items, Sequence = more ? reached : newest, More = more };
        }, cancellationToken);

    public Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken) =>
        RunForModelsAsync(async database =>
        {
            foreach (var chunks in Enumerable.Range(0, ChunkCount(model.Length)).Chunk(ChunksAtOnce))
            {
                await Task.WhenAll(chunks.Select(chunk => database.StringSetAsync(ChunkKey(version, chunk),
                    model.Slice(chunk * ChunkBytes, Math.Min(ChunkBytes, model.Length - chunk * ChunkBytes)).ToArray())))
                        .WaitAsync(10 * _timeout, cancellationToken).ConfigureAwait(false);
            }

            return await database.StringSetAsync(ModelKey(version), model.Length).WaitAsync(_timeout, cancellationToken)
                .ConfigureAwait(false);
        }, cancellationToken);

    public Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken) =>
        RunForModelsAsync(async database =>
        {
            var length = await database.StringGetAsync(ModelKey(version)).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
            if (length.IsNull) return null;
            byte[] model = new byte[(int)length];
            foreach (var chunks in Enumerable.Range(0, ChunkCount(model.Length)).Chunk(ChunksAtOnce))
            {
                var bodies = await Task.WhenAll(chunks.Select(chunk => database.StringGetAsync(ChunkKey(version, chunk))))
                    .WaitAsync(10 * _timeout, cancellationToken).ConfigureAwait(false);
                for (int i = 0; i < chunks.Length; i++)
                {
                    int start = chunks[i] * ChunkBytes;
                    byte[]? body = bodies[i];
                    if (body is null || body.Length != Math.Min(ChunkBytes, model.Length - start)) return null;
                    body.CopyTo(model, start);
                }
            }

            return model;
        }, cancellationToken);

    public Task DeleteModelAsync(long version, CancellationToken cancellationToken) =>
        RunForModelsAsync(async database =>
        {
            // The marker is deleted first, so that no reader finds a partial model.
            var length = await database.StringGetAsync(ModelKey(version)).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
            if (length.IsNull) return false;
            await database.KeyDeleteAsync(ModelKey(version)).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(Enumerable.Range(0, ChunkCount((int)length))
                .Select(chunk => database.KeyDeleteAsync(ChunkKey(version, chunk)))).WaitAsync(10 * _timeout, cancellationToken)
                    .ConfigureAwait(false);
            return true;
        }, cancellationToken);

    public Task SetReleasedAsync(long version, CancellationToken cancellationToken) =>
        RunAsync(database => database.StringSetAsync(s_releasedKey, version).WaitAsync(_timeout, cancellationToken), cancellationToken);

    public Task<long?> GetReleasedAsync(CancellationToken cancellationToken) =>
        RunAsync(async database => (long?)await database.StringGetAsync(s_releasedKey).WaitAsync(_timeout, cancellationToken)
        .ConfigureAwait(false), cancellationToken);

    public Task<string?> GetGenerationAsync(CancellationToken cancellationToken) =>
        RunAsync(async database => (string?)await database.StringGetAsync(s_generationKey).WaitAsync(_timeout, cancellationToken)
        .ConfigureAwait(false), cancellationToken);

    public Task SetGenerationAsync(string generation, CancellationToken cancellationToken) =>
        RunAsync(database => database.StringSetAsync(s_generationKey, generation).WaitAsync(_timeout, cancellationToken),
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_userReader is not null) await _userReader.DisposeAsync().ConfigureAwait(false);
        foreach (var connection in _connectingForModels.IsValueCreated ? [_connecting, _connectingForModels.Value] : new[] { _connecting })
        {
            try
            {
                (await connection.ConfigureAwait(false)).Dispose();
            }
            catch (Exception e) when (IsUnavailable(e))
            {
                // It never connected; there is nothing to close.
            }
        }
    }

    private Task<bool> PutAsync(int count, Func<int, (RedisKey Key, byte[] Value)> value, int expirySeconds,
        CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            for (int start = 0; start < count; start += UsersPerPipeline)
            {
                var writes = new Task[Math.Min(UsersPerPipeline, count - start)];
                for (int i = 0; i < writes.Length; i++)
                {
                    var (key, bytes) = value(start + i);
                    writes[i] = EvaluateAsync(database, RedisScripts.PutUser, [key], [bytes, expirySeconds], cancellationToken);
                }

                await Task.WhenAll(writes).ConfigureAwait(false);
            }

            return true;
        }, cancellationToken);

    private Task<long> PutItemsAsync(string script, RedisKey[] keys, int count, Func<int, RedisValue[]> arguments,
        CancellationToken cancellationToken) =>
        RunAsync(async database =>
        {
            long sequence = 0;
            for (int start = 0; start == 0 || start < count; start += ItemsPerScript)
            {
                RedisValue[] values = [.. Enumerable.Range(start, Math.Min(ItemsPerScript, count - start)).SelectMany(arguments)];
                sequence = (long)await EvaluateAsync(database, script, keys, values, cancellationToken).ConfigureAwait(false);
            }

            return sequence;
        }, cancellationToken);

    private async Task<RedisResult> EvaluateAsync(IDatabase database, string script, RedisKey[] keys, RedisValue[] values,
        CancellationToken cancellationToken)
    {
        try
        {
            return await database.ScriptEvaluateAsync(script, keys, values).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // The server was restarted and no longer has the script. After this answer the client sends it again.
            return await database.ScriptEvaluateAsync(script, keys, values).WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<T> RunAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(_connecting, work, cancellationToken);

    private Task<T> RunForModelsAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(_connectingForModels.Value, work, cancellationToken);

    private static async Task<T> RunAsync<T>(Task<ConnectionMultiplexer> connection, Func<IDatabase, Task<T>> work,
        CancellationToken cancellationToken)
    {
        try
        {
            return await work((await connection.WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase()).ConfigureAwait(false);
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>The servers that together have all keys.</summary>
    /// <exception cref="FactorStoreUnavailableException">One of them does not answer.</exception>
    private static List<IServer> Masters(IConnectionMultiplexer connection)
    {
        var servers = connection.GetServers();
        var cluster = servers.Where(server => server.IsConnected).Select(server => server.ClusterConfiguration)
            .FirstOrDefault(nodes => nodes is not null);
        List<IServer> masters = cluster is null
            ? [.. servers.Where(server => !server.IsReplica)]
            : [.. cluster.Nodes.Where(node => !node.IsReplica && node.Slots.Count > 0 && node.EndPoint is not null)
                .Select(node => connection.GetServer(node.EndPoint!))];
        if (masters.FirstOrDefault(server => !server.IsConnected) is { } gone)
            throw new FactorStoreUnavailableException($"Redis: {gone.EndPoint} does not answer.");
        return masters;
    }

    /// <summary>Reads the next keys of a scan.</summary>
    /// <returns>Whether there may be more.</returns>
    private static async Task<bool> ReadKeysAsync(IAsyncEnumerator<RedisKey> keys, List<string> userIds,
        CancellationToken cancellationToken)
    {
        while (userIds.Count < UsersPerPipeline)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!await keys.MoveNextAsync().ConfigureAwait(false)) return false;
            userIds.Add(keys.Current.ToString()[UserPrefix.Length..]);
        }

        return true;
    }

    /// <summary>All errors except those of our own commands (ERR …, WRONGTYPE …).</summary>
    private static bool IsUnavailable(Exception e) => e switch
    {
        RedisServerException server => !server.Message.StartsWith("ERR", StringComparison.Ordinal)
            && !server.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal),
        RedisException or RedisCommandException or TimeoutException or IOException or System.Net.Sockets.SocketException
            or ObjectDisposedException => true,
        _ => false,
    };

    private static FactorStoreUnavailableException Unavailable(Exception e) => new($"Redis: {e.Message}", e);

    private async ValueTask<PooledValue> ReadWithClientAsync(UserRef user) =>
        PooledValue.Of(await GetUserAsync(user).ConfigureAwait(false));

    private static RedisKey KeyOf(UserRef user) => (user.IsSession ? SessionPrefix : UserPrefix) + user.Id;

    private static RedisKey ModelKey(long version) => string.Create(CultureInfo.InvariantCulture, $"rec:model:{{{version}}}");

    private static RedisKey ChunkKey(long version, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"rec:model:{{{version}}}:{chunk}");

    private static int ChunkCount(int length) => (int)(((long)length + ChunkBytes - 1) / ChunkBytes);

    /// <summary>The general client behind <see cref="UserReader"/>.</summary>
    private sealed class GeneralReader(RedisFactorStore store) : UserReader.IGeneralReader
    {
        public ValueTask<PooledValue> ReadAsync(UserRef user) => store.ReadWithClientAsync(user);

        public Task<IReadOnlyList<UserReader.SlotRange>?> ReadSlotsAsync(CancellationToken cancellationToken) =>
            store.RunAsync(async database =>
            {
                var servers = database.Multiplexer.GetServers().Where(server => server.IsConnected).ToList();
                if (servers.Count == 0) throw new FactorStoreUnavailableException("Redis: no server answers.");
                if (servers.Find(server => server.ServerType == ServerType.Cluster) is not { } node) return null;
                try
                {
                    var cluster = await node.ClusterNodesAsync().WaitAsync(store._timeout, cancellationToken).ConfigureAwait(false);
                    // A node lists another one with port 0 if it does not know the address yet.
                    var masters = (cluster?.Nodes ?? []).Where(master => !master.IsReplica
                        && master.EndPoint is DnsEndPoint or IPEndPoint { Port: > 0 });
                    return (IReadOnlyList<UserReader.SlotRange>?)[.. masters.SelectMany(master => master.Slots
                        .Select(range => new UserReader.SlotRange(range.From, range.To, master.EndPoint!)))];
                }
                catch (RedisServerException e)
                {
                    throw Unavailable(e);
                }
            }, cancellationToken);
    }
}
