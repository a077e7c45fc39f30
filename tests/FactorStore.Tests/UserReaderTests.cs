using System.Net;
using Recommender.Contracts;
using Recommender.FactorStore.Redis;
using Recommender.FactorStore.Users;
using Recommender.LocalServers;
using Recommender.TestKit;
using StackExchange.Redis;
using Xunit;

namespace Recommender.FactorStore.Tests;

/// <summary>Reads of users' values with connection strings that have more than a password.</summary>
public sealed class UserReaderTests(Servers servers)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly UserRef s_ann = UserRef.User("ann");

    [Fact]
    public async Task It_logs_in_as_the_user_of_the_connection_string()
    {
        var own = await servers.NewRedisAsync();
        await own.CommandAsync(["ACL", "SETUSER", "app", "on", ">secret", "~rec:*", "+@all"], Stop);
        await own.CommandAsync(["CONFIG", "SET", "requirepass", "another"], Stop);
        string connection = $"127.0.0.1:{own.Port},user=app,password=secret";
        await PutAsync(connection);
        await using var reader = Reader(connection);
        await AssertReadsAsync(reader);

        await using var wrong = Reader($"127.0.0.1:{own.Port},user=app,password=another");
        await AssertReadsAsync(reader);
        Assert.False(wrong.TryRead("rec:u:", s_ann, out _));
    }

    [Fact]
    public async Task Over_TLS_it_reads_from_a_server_with_a_certificate_that_is_trusted_and_of_its_host_and_from_no_other()
    {
        Servers.Require(RedisServer.RequiredPrograms);
        using var folder = new TempFolder();
        var (files, authority) = TestCertificates.Create(folder.Path);
        await using var redis = new RedisServer(Path.Combine(folder.Path, "redis")) { Tls = files };
        await redis.StartAsync(Stop);
        await PutAsync(redis.ConnectionString);

        await using var trusting = Reader(redis.TlsConnectionString, options =>
            options.SslClientAuthenticationOptions = host => TestCertificates.Trusting(authority, host));
        await using var distrustful = Reader(redis.TlsConnectionString);
        await using var mistaken = Reader(redis.TlsConnectionString, options =>
            options.SslClientAuthenticationOptions = _ => TestCertificates.Trusting(authority, "redis.example"));
        await AssertReadsAsync(trusting);
        for (int i = 0; i < 200; i++) await AssertReadsAsync(trusting);
        Assert.False(distrustful.TryRead("rec:u:", s_ann, out _));
        Assert.False(mistaken.TryRead("rec:u:", s_ann, out _));

        // The general client does not trust it either, and says so.
        await using var store = FactorStores.Open(redis.TlsConnectionString + ",connectTimeout=1000,syncTimeout=1000");
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.LeaseUserAsync(s_ann));
    }

    [Theory]
    [InlineData("a:6379,serviceName=master"), InlineData("a:6379,proxy=Twemproxy")]
    public void What_it_does_not_do_is_left_to_the_general_client(string connection) => Assert.Null(Create(connection, null));

    [Theory]
    [InlineData("a"), InlineData("a:6379"), InlineData("a:6379,b:6379"), InlineData("a:6380,ssl=true,user=u,password=p,defaultDatabase=2")]
    public async Task What_it_does_it_takes(string connection)
    {
        await using var reader = Create(connection, null);
        Assert.NotNull(reader);
    }

    [Fact]
    public async Task A_map_in_which_nobody_holds_some_slots_is_renewed_until_every_slot_is_held()
    {
        // Others empty the shared one.
        await using var redis = await servers.NewRedisAsync();
        await PutAsync(redis.ConnectionString);
        int ann = KeySlot.Of("rec:u:", s_ann.Id);
        UserReader.SlotRange[] all = [new(0, KeySlot.Count - 1, new IPEndPoint(IPAddress.Loopback, redis.Port))];
        UserReader.SlotRange[] others = [all[0] with { To = ann - 1 }, all[0] with { From = ann + 1 }];
        var general = new ChangingMap(others, others, all);
        // Two servers may be a cluster.
        var options = ConfigurationOptions.Parse($"127.0.0.1:{Ports.Free()},{redis.ConnectionString}");
        await using var reader = UserReader.TryCreate(options, TimeSpan.FromSeconds(5), general)!;
        await AssertReadsAsync(reader);
        Assert.InRange(general.Reads, 3, int.MaxValue);
    }

    private static UserReader Reader(string connection, Action<ConfigurationOptions>? configure = null) => Create(connection, configure)!;

    private static UserReader? Create(string connection, Action<ConfigurationOptions>? configure)
    {
        var options = ConfigurationOptions.Parse(connection);
        configure?.Invoke(options);
        return UserReader.TryCreate(options, TimeSpan.FromSeconds(5), new NoGeneralReader());
    }

    private static async Task PutAsync(string connection)
    {
        await using var store = FactorStores.Open(connection);
        await Eventually.PassesAsync(() => store.PutUsersAsync([State(s_ann, 7)], Stop));
    }

    /// <summary>Waits until it stands, and reads.</summary>
    private static async Task AssertReadsAsync(UserReader reader)
    {
        ValueTask<PooledValue> read = default;
        await Eventually.TrueAsync(() => reader.TryRead("rec:u:", s_ann, out read));
        using var value = await read;
        Assert.True(UserStateView.TryRead(value.Span, out var view));
        Assert.Equal(7, view.Revision);
    }

    private static UserState State(UserRef user, long revision) => new()
    {
        User = user,
        Revision = revision,
        ModelVersion = 1,
        Factor = new float[] { 1 },
        History = Array.Empty<HistoryRecord>(),
    };

    /// <summary>Lists the slots of a cluster, each time as the next map has them.</summary>
    private sealed class ChangingMap(params IReadOnlyList<UserReader.SlotRange>[] maps) : UserReader.IGeneralReader
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public ValueTask<PooledValue> ReadAsync(UserRef user) => throw new FactorStoreUnavailableException("The general client was asked.");

        public Task<IReadOnlyList<UserReader.SlotRange>?> ReadSlotsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<UserReader.SlotRange>?>(maps[Math.Min(Interlocked.Increment(ref _reads), maps.Length) - 1]);
    }

    private sealed class NoGeneralReader : UserReader.IGeneralReader
    {
        public ValueTask<PooledValue> ReadAsync(UserRef user) => throw Unavailable();

        public Task<IReadOnlyList<UserReader.SlotRange>?> ReadSlotsAsync(CancellationToken cancellationToken) => throw Unavailable();

        private static FactorStoreUnavailableException Unavailable() => new("The general client was asked.");
    }
}
