using System.Net;
using System.Net.Sockets;
using System.Text;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

[Collection(nameof(AllocationTests))]
public sealed class AllocationTests(Servers servers)
{
    /// <summary>The promise of the hot path, the web server's own part included.</summary>
    private const int BytesPerRequest = 2048;

    [Theory]
    [InlineData("/v1/users/reader/recommendations")]
    [InlineData("/v1/users/stale/recommendations")]
    [InlineData("/v1/users/nobody/recommendations")]
    [InlineData("/v1/users/seen/recommendations")]
    [InlineData("/v1/users/seen/recommendations?placement=home")]
    public async Task A_request_allocates_little(string path) => await MeasureAsync(new InProcessFactorStore(), path, Shop.Whole);

    [Fact]
    public async Task A_request_to_a_model_with_neighbours_allocates_little() =>
        await MeasureAsync(new InProcessFactorStore(), "/v1/users/reader/recommendations", Shop.WithNeighbours);

    [Fact]
    public async Task A_request_with_a_read_from_Redis_allocates_little()
    {
        var redis = await servers.NewRedisAsync();
        await using var store = FactorStores.Open(redis.ConnectionString);
        await MeasureAsync(store, "/v1/users/reader/recommendations", Shop.Whole);
    }

    private static async Task MeasureAsync(IFactorStore store, string path, Shop shop)
    {
        await store.PutEventTypesAsync(["view", "purchase"], TestContext.Current.CancellationToken);
        var seen = shop.User("seen", 1, Shop.Bought(0),
            Shop.Bought(3)) with
        { Seen = Enumerable.Range(1000, 5000).Select(key => new SeenRecord(key, 1, 1_000_000)).ToArray() };
        await shop.FillAsync(store, 1, shop.User("stale", 99, Shop.Bought(0), Shop.Bought(3)) with { ModelVersion = 99 }, seen);
        await store.PutItemsAsync([.. Enumerable.Range(1000, 5000)
            .Select(key => Shop.Record(1) with { ItemKey = key, ItemId = $"more-{key}" })], TestContext.Current.CancellationToken);
        await using var host =
            await RecommendHost.StartAsync(store, ("Recommend:PollMilliseconds", "2000"), ("Placements:home:HideDays:view", "7"));
        await host.ServesAsync(1);

        // A plain socket with one buffer: what is counted is the server's alone.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port, TestContext.Current.CancellationToken);
        byte[] request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        byte[] buffer = new byte[64 * 1024];
        for (int i = 0; i < 300; i++) RoundTrip(socket, request, buffer);
        const int Requests = 500;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Requests; i++) RoundTrip(socket, request, buffer);
        double each = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests;
        TestContext.Current.TestOutputHelper!.WriteLine($"{path}: {each:0} bytes per request");
        Assert.InRange(each, 0, BytesPerRequest);
    }

    private static void RoundTrip(Socket socket, byte[] request, byte[] buffer)
    {
        socket.Send(request);
        int length = 0, total = int.MaxValue;
        while (length < total)
        {
            int read = socket.Receive(buffer.AsSpan(length));
            if (read == 0) throw new IOException("The server closed the connection.");
            length += read;
            int end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end < 0 || total != int.MaxValue) continue;
            var head = buffer.AsSpan(0, end);
            if (!head.StartsWith("HTTP/1.1 200"u8)) throw new InvalidOperationException(Encoding.ASCII.GetString(buffer, 0, length));
            int at = head.IndexOf("Content-Length: "u8) + 16;
            if (!System.Buffers.Text.Utf8Parser.TryParse(head[at..], out int content, out _))
                throw new InvalidOperationException("The answer has no length.");
            total = end + 4 + content;
        }
    }
}
