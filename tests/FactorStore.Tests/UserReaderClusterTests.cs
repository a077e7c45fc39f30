using System.Globalization;
using Recommender.Contracts;
using Recommender.FactorStore.Redis;
using Recommender.FactorStore.Users;
using Recommender.LocalServers;
using Recommender.TestKit;
using StackExchange.Redis;
using Xunit;

namespace Recommender.FactorStore.Tests;

/// <summary>Reads of users over a Redis Cluster: each from the node that holds it, and never a wrong answer.</summary>
public sealed class UserReaderClusterTests
{
    private static readonly UserRef[] s_users =
        [.. Enumerable.Range(0, 200).Select(i => UserRef.User(i % 3 == 0 ? $"üser {{{i}}}-{i % 7}" : $"user-{i}"))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Every_user_is_read_from_the_node_that_holds_it(bool areAllNodesNamed)
    {
        await using var estate = await Estate.StartAsync();
        await using var general = new GeneralReader(areAllNodesNamed ? estate.Cluster.ConnectionString
            : estate.Cluster.Nodes[0].ConnectionString);
        await using var reader = general.Create();
        await DirectAsync(reader, general);
        foreach (var user in s_users.Take(30))
        {
            string slot = await estate.Cluster.Nodes[0].CommandAsync(["CLUSTER", "KEYSLOT", $"rec:u:{user.Id}"], Stop);
            Assert.Equal(slot.Trim(), Text(KeySlot.Of("rec:u:", user.Id)));
        }

        Assert.Equal(3, s_users.Select(user => KeySlot.Of("rec:u:", user.Id) * 3 / KeySlot.Count).Distinct().Count());
    }

    [Fact]
    public async Task A_slot_that_moves_under_reads_never_gives_a_wrong_answer()
    {
        await using var estate = await Estate.StartAsync();
        await using var general = new GeneralReader(estate.Cluster.ConnectionString);
        await using var reader = general.Create();
        await DirectAsync(reader, general);

        using var moved = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => new ReadingLoop(reader, general, moved.Token)).ToArray();
        var (from, to) = (estate.Cluster.Nodes[0], estate.Cluster.Nodes[2]);
        int[] slots = [.. s_users.Select(user => KeySlot.Of("rec:u:", user.Id)).Where(slot => slot < KeySlot.Count / 3).Distinct().Take(8)];
        int redirected = general.Reads;
        foreach (int slot in slots) await MoveAsync(slot, from, to);
        await moved.CancelAsync();
        await Task.WhenAll(readers.Select(loop => loop.Ended));
        Assert.All(readers, loop => Assert.Equal(0, loop.Unavailable));
        Assert.True(general.Reads > redirected, "No read met a slot on its move.");
        await DirectAsync(reader, general);
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {readers.Sum(loop => loop.Answered)} reads over "
            + $"{slots.Length} moves, {general.Reads - redirected} of them by the general client");
    }

    [Fact]
    public async Task Users_of_a_node_that_is_killed_are_unavailable_until_another_takes_its_place()
    {
        await using var estate = await Estate.StartAsync();
        var master = estate.Cluster.Nodes[1];
        var replica = await estate.Cluster.AddReplicaAsync(master, Stop);
        await using var general = new GeneralReader(estate.Cluster.ConnectionString);
        await using var reader = general.Create();
        await DirectAsync(reader, general);

        using var replaced = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => new ReadingLoop(reader, general, replaced.Token)).ToArray();
        var lost = s_users.First(user => KeySlot.Of("rec:u:", user.Id) * 3 / KeySlot.Count == 1);
        await master.KillAsync();
        await Eventually.TrueAsync(async () => !await IsAnsweredAsync(reader, general, lost), what: "the node's users are unavailable");
        await Eventually.TrueAsync(() => readers.All(loop => loop.Unavailable > 0), what: "every loop has met an unavailable user");
        await replica.CommandAsync(["CLUSTER", "FAILOVER", "TAKEOVER"], Stop);
        await DirectAsync(reader, general);

        // The former master is a replica of its successor now, and would redirect.
        await master.StartAsync(Stop);
        await Eventually.TrueAsync(async () => (await master.CommandAsync(["ROLE"], Stop)).StartsWith("slave", StringComparison.Ordinal));
        await DirectAsync(reader, general);
        await replaced.CancelAsync();
        await Task.WhenAll(readers.Select(loop => loop.Ended));
        Assert.All(readers, loop => Assert.True(loop.Answered > 0));
    }

    [Fact]
    public async Task Several_servers_that_are_no_cluster_are_left_to_the_general_client()
    {
        Servers.Require(RedisServer.RequiredPrograms);
        using var folder = new TempFolder();
        await using var redis = new RedisServer(Path.Combine(folder.Path, "redis"));
        await redis.StartAsync(Stop);
        await using var general = new GeneralReader($"127.0.0.1:{Ports.Free()},{redis.ConnectionString}");
        await general.PutAsync();
        await using var reader = general.Create();
        await Eventually.TrueAsync(() => general.AreSlotsAnswered);
        foreach (var user in s_users)
        {
            Assert.False(reader.TryRead("rec:u:", user, out _));
            Assert.True(await IsAnsweredAsync(reader, general, user));
        }
    }

    /// <summary>Waits until every user is read without the general client.</summary>
    private static Task DirectAsync(UserReader reader, GeneralReader general) => Eventually.PassesAsync(async () =>
    {
        int before = general.Reads;
        for (int round = 0; round < 3; round++)
            foreach (var user in s_users) Assert.True(await IsAnsweredAsync(reader, general, user), user.Id);
        // Others may be reading meanwhile, and so the general client for them.
        Assert.Equal(before, general.Reads);
    });

    /// <summary>Reads as the factor store does. A wrong answer fails the test.</summary>
    /// <returns>False where the reader or the general client reports that Redis is unavailable.</returns>
    private static async Task<bool> IsAnsweredAsync(UserReader reader, GeneralReader general, UserRef user)
    {
        try
        {
            using var value = await (reader.TryRead("rec:u:", user, out var read) ? read : general.ReadAsync(user));
            Assert.True(UserStateView.TryRead(value.Span, out var view), $"{user.Id} has no value.");
            Assert.Equal(RevisionOf(user), view.Revision);
            return true;
        }
        catch (FactorStoreUnavailableException)
        {
            return false;
        }
    }

    private static long RevisionOf(UserRef user) => 1 + Array.IndexOf(s_users, user);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Moves a slot as <c>redis-cli --cluster reshard</c> does: key by key, and reads meet every state of the move.</summary>
    private static async Task MoveAsync(int slot, RedisServer from, RedisServer to)
    {
        string source = (await from.CommandAsync(["CLUSTER", "MYID"], Stop)).Trim(), target = (await to.CommandAsync(["CLUSTER", "MYID"],
            Stop)).Trim();
        string password = from.ConnectionString.Split("password=")[1];
        await to.CommandAsync(["CLUSTER", "SETSLOT", Text(slot), "IMPORTING", source], Stop);
        await from.CommandAsync(["CLUSTER", "SETSLOT", Text(slot), "MIGRATING", target], Stop);
        foreach (var user in s_users.Where(user => KeySlot.Of("rec:u:", user.Id) == slot))
            Assert.StartsWith("OK", await from.CommandAsync(["MIGRATE", "127.0.0.1", Text(to.Port), "", "0", "5000", "AUTH", password,
                "KEYS", $"rec:u:{user.Id}"], Stop), StringComparison.Ordinal);
        await to.CommandAsync(["CLUSTER", "SETSLOT", Text(slot), "NODE", target], Stop);
        await from.CommandAsync(["CLUSTER", "SETSLOT", Text(slot), "NODE", target], Stop);
    }

    /// <summary>Reads all users again and again until it is cancelled.</summary>
    private sealed class ReadingLoop
    {
        private int _answered, _unavailable;

        public ReadingLoop(UserReader reader, GeneralReader general, CancellationToken end) =>
            Ended = Task.Run(() => ReadAsync(reader, general, end), CancellationToken.None);

        public int Answered => Volatile.Read(ref _answered);

        public int Unavailable => Volatile.Read(ref _unavailable);

        /// <summary>Fails with the first wrong answer.</summary>
        public Task Ended { get; }

        private async Task ReadAsync(UserReader reader, GeneralReader general, CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                foreach (var user in s_users)
                {
                    if (await IsAnsweredAsync(reader, general, user)) Interlocked.Increment(ref _answered);
                    else Interlocked.Increment(ref _unavailable);
                }
            }
        }
    }

    /// <summary>A cluster of three masters with every user in it.</summary>
    private sealed class Estate(TempFolder folder, RedisCluster cluster) : IAsyncDisposable
    {
        public RedisCluster Cluster => cluster;

        public static async Task<Estate> StartAsync()
        {
            Servers.Require(RedisCluster.RequiredPrograms);
            var folder = new TempFolder();
            var cluster = new RedisCluster(Path.Combine(folder.Path, "cluster"));
            await cluster.StartAsync(Stop);
            await using var general = new GeneralReader(cluster.ConnectionString);
            await general.PutAsync();
            return new Estate(folder, cluster);
        }

        public async ValueTask DisposeAsync()
        {
            await cluster.DisposeAsync();
            folder.Dispose();
        }
    }

    /// <summary>The general client, with a count of what is left to it.</summary>
    private sealed class GeneralReader : UserReader.IGeneralReader, IAsyncDisposable
    {
        private readonly string _connection;
        private readonly RedisFactorStore _store;
        private readonly UserReader.IGeneralReader _general;
        private int _reads;

        public GeneralReader(string connection)
        {
            _connection = connection;
            _store = new RedisFactorStore(connection);
            _general = _store.General;
        }

        public int Reads => Volatile.Read(ref _reads);

        public bool AreSlotsAnswered { get; private set; }

        public UserReader Create() => UserReader.TryCreate(ConfigurationOptions.Parse(_connection), TimeSpan.FromSeconds(5), this)!;

        public Task PutAsync() => Eventually.PassesAsync(() => _store.PutUsersAsync([.. s_users.Select(user => new UserState
        {
            User = user,
            Revision = RevisionOf(user),
            ModelVersion = 1,
            Factor = new float[] { 1 },
            History = Array.Empty<HistoryRecord>(),
        })], Stop));

        public ValueTask<PooledValue> ReadAsync(UserRef user)
        {
            Interlocked.Increment(ref _reads);
            return _general.ReadAsync(user);
        }

        public async Task<IReadOnlyList<UserReader.SlotRange>?> ReadSlotsAsync(CancellationToken cancellationToken)
        {
            var slots = await _general.ReadSlotsAsync(cancellationToken);
            AreSlotsAnswered = true;
            return slots;
        }

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
