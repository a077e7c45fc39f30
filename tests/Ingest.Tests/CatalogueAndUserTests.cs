using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage;
using Xunit;

namespace Recommender.Ingest.Tests;

public sealed class CatalogueAndUserTests
{
    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public async Task Items_are_put_patched_and_deleted_in_order()
    {
        await using var host = await IngestHost.StartAsync();
        (await host.SendAsync(HttpMethod.Put, "/v1/items/a",
            Bytes("""{"title":"T","categories":["home"],"properties":{"price":2.55,"inStock":true,"sizes":["s","m"]},"vector":[0.5,1]}"""), "application/json")).IsAccepted(1);
        (await host.SendAsync(HttpMethod.Patch, "/v1/items/a", Bytes("""{"title":null,"properties":{"price":3},"unknown":[[[[1]]]]}"""),
            "application/merge-patch+json")).IsAccepted(1);
        (await host.SendAsync(HttpMethod.Delete, "/v1/items/a")).IsAccepted(1);
        var commands = await host.DrainCommandsAsync(3);
        Assert.Equal([CommandKind.PutItem, CommandKind.PatchItem, CommandKind.DeleteItem], commands.Select(c => c.Kind));
        Assert.Equal(("a", "T"), (commands[0].Item!.ItemId, commands[0].Item!.Title));
        Assert.Equal([0.5f, 1f], commands[0].Item!.Vector!);
        Assert.Equal("""{"title":null,"properties":{"price":3}}""", commands[1].Patch!.Value.GetRawText());
        Assert.Equal("a", commands[2].ItemId);
    }

    [Fact]
    public async Task Items_come_in_arrays_and_NDJSON_with_partial_rejection()
    {
        await using var host = await IngestHost.StartAsync();
        var array = (await host.PostAsync("/v1/items",
            """[{"itemId":"a"},{"title":"x"},{"itemId":"b","vector":[]},{"itemId":"c","properties":{"p":{"q":1}}},{"itemId":"d"}]""")).IsAccepted(2);
        Assert.Equal([(1, "itemId"), (2, "vector"), (3, "properties.p")],
            array.Json.GetProperty("rejected").EnumerateArray()
                .Select(r => (r.GetProperty("index").GetInt32(), r.GetProperty("field").GetString()!)));
        (await host.PostAsync("/v1/items", "{\"itemId\":\"e\"}\n{\"itemId\":\"f\"}\n", "application/x-ndjson")).IsAccepted(2);
        (await host.PostAsync("/v1/items", """{"itemId":"g"}""")).IsAccepted(1);
        Assert.Equal(["a", "d", "e", "f", "g"], (await host.DrainCommandsAsync(5)).Select(c => c.Item!.ItemId));
        (await host.PostAsync("/v1/items", """[{"title":"x"}]""")).IsProblem(400, "invalid-elements");
        Assert.Equal("title", (await host.PostAsync("/v1/items", """{"itemId":"x","title":"a\u0000"}""")).IsProblem(400,
            "invalid-field").Field);
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("%C3%A9%20+%3F%23", "é +?#")]
    [InlineData("a%25", "a%")]
    [InlineData("~a!$&'()*,;=:@b", "~a!$&'()*,;=:@b")]
    [InlineData("...", "...")]
    public async Task Any_id_works_percent_encoded_in_a_path(string encoded, string id)
    {
        await using var host = await IngestHost.StartAsync();
        // Raw, because a client's URI class may normalise what is tested here.
        using var tcp = new System.Net.Sockets.TcpClient();
        var address = new Uri(host.App.Urls.First());
        await tcp.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Bytes($"DELETE /v1/items/{encoded} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        string answer = await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 202", answer);
        Assert.Equal(id, Assert.Single(await host.DrainCommandsAsync(1)).ItemId);
    }

    [Theory]
    [InlineData("/v1/items/%FF", 400)]
    [InlineData("/v1/items/%01", 400)]
    [InlineData("/v1/items/a%2", 400)]
    [InlineData("/v1/items/..%2Fx", 202)]
    [InlineData("/v1/items/a/../b", 400)]
    public async Task Paths_with_tricks_are_refused_or_taken_literally(string path, int status)
    {
        await using var host = await IngestHost.StartAsync();
        using var tcp = new System.Net.Sockets.TcpClient();
        var address = new Uri(host.App.Urls.First());
        await tcp.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Bytes($"DELETE {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        Assert.StartsWith($"HTTP/1.1 {status}", await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken));
        if (status == 202) Assert.Equal("../x", Assert.Single(await host.DrainCommandsAsync(1)).ItemId);
    }

    [Fact]
    public async Task Ids_that_are_too_long_or_differ_from_the_path_are_refused()
    {
        await using var host = await IngestHost.StartAsync();
        Assert.Equal("itemId", (await host.SendAsync(HttpMethod.Delete, "/v1/items/" + new string('x', 257))).IsProblem(400,
            "invalid-field").Field);
        Assert.Equal("itemId",
            (await host.SendAsync(HttpMethod.Put, "/v1/items/a", Bytes("""{"itemId":"b"}"""), "application/json")).IsProblem(400,
                "invalid-field").Field);
        Assert.Equal("itemId",
            (await host.SendAsync(HttpMethod.Patch, "/v1/items/a", Bytes("""{"itemId":"b"}"""), "application/json")).IsProblem(400,
                "invalid-field").Field);
        (await host.SendAsync(HttpMethod.Patch, "/v1/items/a", Bytes("[]"), "application/json")).IsProblem(400, "invalid-body");
        Assert.Equal("title",
            (await host.SendAsync(HttpMethod.Patch, "/v1/items/a", Bytes("""{"title":7}"""), "application/json")).IsProblem(400,
                "invalid-body").Field);
        (await host.SendAsync(HttpMethod.Put, "/v1/items/a", Bytes("null"), "application/json")).IsProblem(400, "invalid-body");
        (await host.SendAsync(HttpMethod.Put, "/v1/items/a", Bytes("{}"), "text/plain")).IsProblem(415, "unsupported-media-type");
    }

    [Fact]
    public async Task Users_sessions_and_erasures_become_commands()
    {
        await using var host = await IngestHost.StartAsync();
        (await host.SendAsync(HttpMethod.Put, "/v1/users/u", Bytes("""{"properties":{"country":"DE"}}"""), "application/json")).IsAccepted(
            1);
        (await host.PostAsync("/v1/users/u/merge", """{"sessionId":"s"}""")).IsAccepted(1);
        var erasure = await host.SendAsync(HttpMethod.Delete, "/v1/users/u");
        Assert.Equal(202, erasure.Status);
        string id = erasure.Json.GetProperty("erasureId").GetString()!;
        Assert.Equal($"/v1/erasures/{id}", erasure.Headers.Location!.ToString());

        var commands = await host.DrainCommandsAsync(3);
        Assert.Equal([CommandKind.PutUser, CommandKind.MergeSession, CommandKind.EraseUser], commands.Select(c => c.Kind));
        Assert.All(commands, c => Assert.Equal("u", c.UserId));
        Assert.Equal("DE", commands[0].Profile!.Properties["country"].GetString());
        Assert.Equal("s", commands[1].SessionId);
        Assert.Equal(id, commands[2].ErasureId);

        // Asked for and not applied yet: pending. Never asked for: not found.
        Assert.Equal("pending", (await host.SendAsync(HttpMethod.Get, $"/v1/erasures/{id}")).Json.GetProperty("state").GetString());
        (await host.SendAsync(HttpMethod.Get, $"/v1/erasures/{Guid.NewGuid():N}")).IsProblem(404, "not-found");
        // Such an id names a time after the year 9999.
        (await host.SendAsync(HttpMethod.Get, "/v1/erasures/ffffffffffff7fffbfffffffffffffff")).IsProblem(404, "not-found");
        await host.Get<IStore>().EraseUserAsync("u", id, commands[2].AcceptedAt, TestContext.Current.CancellationToken);
        Assert.True((await host.SendAsync(HttpMethod.Get, $"/v1/erasures/{id}")).Json.GetProperty("stages").TryGetProperty("store", out _));

        Assert.Equal("sessionId", (await host.PostAsync("/v1/users/u/merge", "{}")).IsProblem(400, "invalid-field").Field);
        Assert.StartsWith("properties.a",
            (await host.SendAsync(HttpMethod.Put, "/v1/users/u", Bytes("""{"properties":{"a":{}}}"""), "application/json")).IsProblem(400,
                "invalid-field").Field);
    }

    [Fact]
    public async Task Export_returns_everything_held()
    {
        await using var host = await IngestHost.StartAsync();
        (await host.SendAsync(HttpMethod.Get, "/v1/users/nobody/export")).IsProblem(404, "not-found");
        var store = host.Get<IStore>();
        await store.StoreInteractionsAsync(
            [new Interaction { EventId = "e", UserId = "a/b", ItemId = "i", Type = "view",
                OccurredAt = DateTimeOffset.UnixEpoch.AddYears(50) }], TestContext.Current.CancellationToken);
        await store.PutUserAsync("a/b", new UserProfile
        {
            Properties =
            new Dictionary<string, JsonElement> { ["age"] = JsonElement.Parse("5") }
        }, TestContext.Current.CancellationToken);
        var export = await host.SendAsync(HttpMethod.Get, "/v1/users/a%2Fb/export");
        Assert.Equal("a/b", export.Json.GetProperty("userId").GetString());
        Assert.Equal(5, export.Json.GetProperty("properties").GetProperty("age").GetInt32());
        Assert.Equal("e", Assert.Single(export.Json.GetProperty("events").EnumerateArray()).GetProperty("eventId").GetString());
    }
}
