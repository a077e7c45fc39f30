using System.Text;
using Recommender.Contracts;
using Recommender.Storage;
using Recommender.Storage.Catalogue;
using Xunit;

namespace Recommender.Ingest.Tests;

public sealed class ItemChangeTests
{
    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Task<Answer> PatchAsync(IngestHost host, string path, string body, string contentType = "application/json") =>
        host.SendAsync(HttpMethod.Patch, path, Bytes(body), contentType);

    [Theory]
    [InlineData("""[{"itemId":"a","changeId":"c","title":"A"},{"title":"x"},{"itemId":"b","properties":{"p":null}},{"itemId":"c","changeId":""},7,{"itemId":"d","title":1}]""", "application/json")]
    [InlineData("{\"itemId\":\"a\",\"changeId\":\"c\",\"title\":\"A\"}\n{\"title\":\"x\"}\n{\"itemId\":\"b\",\"properties\":{\"p\":null}}\n{\"itemId\":\"c\",\"changeId\":\"\"}\n7\n{\"itemId\":\"d\",\"title\":1}\n", "application/x-ndjson")]
    public async Task Items_are_patched_in_bulk_with_partial_rejection(string body, string contentType)
    {
        await using var host = await IngestHost.StartAsync();
        var answer = (await PatchAsync(host, "/v1/items", body, contentType)).IsAccepted(2);
        Assert.Equal([(1, "itemId"), (3, "changeId"), (4, ""), (5, "title")],
            answer.Json.GetProperty("rejected").EnumerateArray()
                .Select(r => (r.GetProperty("index").GetInt32(), r.GetProperty("field").GetString()!)));
        var commands = await host.DrainCommandsAsync(2);
        Assert.Equal([("a", "c", """{"title":"A"}"""), ("b", null, """{"properties":{"p":null}}""")],
            commands.Select(c => (c.ItemId!, c.ChangeId, c.Patch!.Value.GetRawText())));
        Assert.All(commands, c => Assert.Equal(CommandKind.PatchItem, c.Kind));
    }

    [Fact]
    public async Task A_single_patch_fits_the_path_of_all_items_too()
    {
        await using var host = await IngestHost.StartAsync();
        (await PatchAsync(host, "/v1/items", """{"itemId":"a","available":false}""", "application/merge-patch+json")).IsAccepted(1);
        Assert.Equal("itemId", (await PatchAsync(host, "/v1/items", """{"available":false}""")).IsProblem(400, "invalid-field").Field);
        (await PatchAsync(host, "/v1/items", "[]", "text/plain")).IsProblem(415, "unsupported-media-type");
        Assert.Equal("a", Assert.Single(await host.DrainCommandsAsync(1)).ItemId);
    }

    [Fact]
    public async Task A_change_id_goes_with_every_kind_of_item_and_is_an_id()
    {
        await using var host = await IngestHost.StartAsync();
        string longest = new('x', 256);
        (await host.SendAsync(HttpMethod.Put, "/v1/items/a", Bytes("""{"title":"T","changeId":"p"}"""), "application/json")).IsAccepted(1);
        (await PatchAsync(host, "/v1/items/a", $$"""{"changeId":"{{longest}}","title":null}""")).IsAccepted(1);
        (await host.PostAsync("/v1/items", """[{"itemId":"b","changeId":"q"},{"itemId":"c","changeId":null}]""")).IsAccepted(2);
        var commands = await host.DrainCommandsAsync(4);
        Assert.Equal(["p", longest, "q", null], commands.Select(c => c.ChangeId));
        Assert.Equal("""{"title":null}""", commands[1].Patch!.Value.GetRawText());
        Assert.Equal("changeId", (await PatchAsync(host, "/v1/items/a", $$"""{"changeId":"{{longest}}x"}""")).IsProblem(400,
            "invalid-field").Field);
        Assert.Equal("changeId",
            (await host.SendAsync(HttpMethod.Put, "/v1/items/a", Bytes("""{"changeId":"a\u0001"}"""), "application/json")).IsProblem(400,
                "invalid-field").Field);
        Assert.Equal("changeId", (await host.PostAsync("/v1/items", """[{"itemId":"b","changeId":7}]""")).IsProblem(400,
            "invalid-elements").Json.GetProperty("rejected")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task Fields_of_a_patch_count_in_either_case_and_once()
    {
        await using var host = await IngestHost.StartAsync();
        (await PatchAsync(host, "/v1/items/a", """{"Title":"T"}""")).IsAccepted(1);
        Assert.Equal("title", (await PatchAsync(host, "/v1/items/a", """{"title":"T","Title":"U"}""")).IsProblem(400,
            "invalid-field").Field);
        Assert.Equal("""{"title":"T"}""", Assert.Single(await host.DrainCommandsAsync(1)).Patch!.Value.GetRawText());
    }

    [Theory]
    [InlineData("POST", "application/json", """[{"itemId":"a"},{"title":"x"},{"itemId":"b"}]""")]
    [InlineData("PATCH", "application/json", """[{"itemId":"a"},{"title":"x"},{"itemId":"b"}]""")]
    [InlineData("POST", "application/x-ndjson", "{\"itemId\":\"a\"}\n{\"title\":\"x\"}\n")]
    [InlineData("PATCH", "application/x-ndjson", "{\"itemId\":\"a\"}\n{\"title\":\"x\"}\n")]
    public async Task With_atomic_one_wrong_item_refuses_all(string method, string contentType, string body)
    {
        // Small messages, so that a first one would be on its way before the wrong element is read.
        await using var host = await IngestHost.StartAsync(settings: new() { ["Ingest:GroupBytes"] = "1024" });
        string filler = contentType == "application/json" ? body
            : string.Concat(Enumerable.Range(0, 50).Select(n => $$"""{"itemId":"f{{n}}"}""" + "\n")) + body;
        var answer = (await host.SendAsync(new HttpMethod(method), "/v1/items?atomic=true", Bytes(filler), contentType)).IsProblem(400,
            "invalid-elements");
        Assert.Equal("itemId", Assert.Single(answer.Json.GetProperty("rejected").EnumerateArray()).GetProperty("field").GetString());
        (await host.SendAsync(new HttpMethod(method), "/v1/items?atomic=true", Bytes("""[{"itemId":"g"},{"itemId":"h"}]"""),
            "application/json")).IsAccepted(2);
        Assert.Equal(["g", "h"], (await host.DrainCommandsAsync(2)).Select(c => c.ItemId ?? c.Item!.ItemId));
        Assert.Equal("atomic",
            (await host.SendAsync(new HttpMethod(method), "/v1/items?atomic=maybe", Bytes("[]"), "application/json")).IsProblem(400,
                "invalid-field").Field);
    }

    [Fact]
    public async Task An_item_is_read_with_its_version_as_entity_tag()
    {
        await using var host = await IngestHost.StartAsync();
        var store = host.Get<IStore>();
        (await host.SendAsync(HttpMethod.Get, "/v1/items/a%2Fb")).IsProblem(404, "not-found");
        await store.ApplyCatalogueAsync([Put("a/b", "T")], TestContext.Current.CancellationToken);
        var first = await host.SendAsync(HttpMethod.Get, "/v1/items/a%2Fb");
        Assert.Equal((200, "a/b", "T"), (first.Status, first.Json.GetProperty("itemId").GetString(), first.Json.GetProperty("title")
            .GetString()));
        string tag = first.Headers.ETag!.ToString();
        Assert.Equal(EntityTag.Of(await store.GetItemAsync("a/b", TestContext.Current.CancellationToken)), tag);
        foreach (string same in new[] { tag, "W/" + tag, "\"x\", " + tag, "*" })
        {
            var unchanged = await host.SendAsync(HttpMethod.Get, "/v1/items/a%2Fb",
                change: r => r.Headers.TryAddWithoutValidation("If-None-Match", same));
            Assert.Equal((304, "", tag), (unchanged.Status, unchanged.Body, unchanged.Headers.ETag!.ToString()));
        }

        await store.ApplyCatalogueAsync([Put("a/b", "U")], TestContext.Current.CancellationToken);
        var changed = await host.SendAsync(HttpMethod.Get, "/v1/items/a%2Fb",
            change: r => r.Headers.TryAddWithoutValidation("If-None-Match", tag));
        Assert.Equal((200, "U"), (changed.Status, changed.Json.GetProperty("title").GetString()));
        Assert.NotEqual(tag, changed.Headers.ETag!.ToString());

        await store.ApplyCatalogueAsync([new Command { Kind = CommandKind.DeleteItem, AcceptedAt = DateTimeOffset.UtcNow, ItemId = "a/b" }],
            TestContext.Current.CancellationToken);
        (await host.SendAsync(HttpMethod.Get, "/v1/items/a%2Fb")).IsProblem(404, "not-found");
    }

    [Theory]
    [InlineData("PUT", """{"title":"x"}""")]
    [InlineData("PATCH", """{"title":"x"}""")]
    [InlineData("DELETE", null)]
    public async Task If_Match_is_checked_at_the_door_and_goes_with_the_change(string method, string? body)
    {
        await using var host = await IngestHost.StartAsync();
        var store = host.Get<IStore>();
        await store.ApplyCatalogueAsync([Put("a", "T")], TestContext.Current.CancellationToken);
        string tag = EntityTag.Of(await store.GetItemAsync("a", TestContext.Current.CancellationToken))!;
        Task<Answer> SendAsync(string item, string ifMatch) =>
            host.SendAsync(new HttpMethod(method), "/v1/items/" + item, body is null ? null : Bytes(body), body is null ? null
            : "application/json", r => r.Headers.TryAddWithoutValidation("If-Match", ifMatch));

        foreach (string wrong in new[] { "\"999\"", "W/" + tag, "\"1x\", \"\"", "\"*\"" })
            (await SendAsync("a", wrong)).IsProblem(412, "precondition-failed");
        foreach (string malformed in new[] { tag.Trim('"'), tag + "x", "\"" })
            Assert.Equal("If-Match", (await SendAsync("a", malformed)).IsProblem(400, "invalid-field").Field);
        (await SendAsync("unknown", "*")).IsProblem(412, "precondition-failed");
        foreach (string right in new[] { tag, "\"x\", W/\"9\", " + tag, "*" }) (await SendAsync("a", right)).IsAccepted(1);
        var commands = await host.DrainCommandsAsync(3);
        Assert.Equal([tag.Trim('"'), $"x {tag.Trim('"')}", "*"], commands.Select(c => string.Join(' ', c.IfMatch!)));
        // Each has a name, so that a second delivery does not lose against the first.
        Assert.Equal(3, commands.Select(c => c.ChangeId).OfType<string>().Distinct().Count());
    }

    [Fact]
    public async Task If_Match_on_all_items_is_refused()
    {
        await using var host = await IngestHost.StartAsync();
        var answer = await host.SendAsync(HttpMethod.Patch, "/v1/items", Bytes("""[{"itemId":"a"}]"""), "application/json",
            r => r.Headers.TryAddWithoutValidation("If-Match", "\"1\""));
        Assert.Equal("If-Match", answer.IsProblem(400, "invalid-field").Field);
    }

    [Fact]
    public async Task Vectors_of_another_length_than_the_catalogues_are_refused_at_the_door()
    {
        await using var host = await IngestHost.StartAsync();
        // No item has a vector yet: the first of a body decides for the body.
        var mixed = (await host.PostAsync("/v1/items",
            """[{"itemId":"a","vector":[1,2]},{"itemId":"b","vector":[1]},{"itemId":"c"}]""")).IsAccepted(2);
        Assert.Equal("vector", mixed.Json.GetProperty("rejected")[0].GetProperty("field").GetString());
        await host.Get<IStore>().ApplyCatalogueAsync([.. await host.DrainCommandsAsync(2)], TestContext.Current.CancellationToken);

        var put = (await host.SendAsync(HttpMethod.Put, "/v1/items/b", Bytes("""{"vector":[1,2,3]}"""), "application/json")).IsProblem(400, "invalid-field");
        Assert.Equal("vector", put.Field);
        Assert.Contains("has 3 numbers; the vectors of this catalogue have 2", put.Detail, StringComparison.Ordinal);
        Assert.Equal("vector", (await PatchAsync(host, "/v1/items/c", """{"vector":[1,2,3]}""")).IsProblem(400, "invalid-field").Field);
        (await PatchAsync(host, "/v1/items",
            """[{"itemId":"c","vector":[3,4]},{"itemId":"a","vector":null},{"itemId":"b","vector":[1]}]""")).IsAccepted(2);
    }

    private static Command Put(string id, string title) =>
        new() { Kind = CommandKind.PutItem, AcceptedAt = DateTimeOffset.UtcNow, Item = new Item { ItemId = id, Title = title } };
}
