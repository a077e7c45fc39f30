using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>Every id that is accepted in a body is reached by a path; what no path can carry is refused, and what is stored of it stays
/// erasable.</summary>
public sealed class PathIdTests : IAsyncLifetime
{
    private IngestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await IngestHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_accepted_id_is_put_deleted_exported_and_erased_by_path()
    {
        var expected = new List<(CommandKind, string)>();
        var store = _host.Get<IStore>();
        await store.ApplyCatalogueAsync(
            [.. OddIds.All.Select(id => new Command { Kind = CommandKind.PutItem, AcceptedAt = DateTimeOffset.UnixEpoch.AddYears(50),
                Item = new Item { ItemId = id } })], Cancel);
        foreach (string id in OddIds.All)
        {
            Assert.Null(Limits.IdError(id));
            await store.StoreInteractionsAsync(
                [new Interaction { EventId = id, UserId = id, ItemId = id, Type = "view",
                    OccurredAt = DateTimeOffset.UnixEpoch.AddYears(50) }], Cancel);
            foreach (string path in OddIds.Encodings(id))
            {
                await SendAsync(202, "PUT", $"/v1/items/{path}", """{"title":"T"}""");
                await SendAsync(202, "PATCH", $"/v1/items/{path}", """{"title":"U"}""");
                await SendAsync(202, "DELETE", $"/v1/items/{path}");
                await SendAsync(202, "PUT", $"/v1/users/{path}", """{"properties":{}}""");
                await SendAsync(202, "POST", $"/v1/users/{path}/merge", JsonSerializer.Serialize(new { sessionId = id }));
                await SendAsync(202, "DELETE", $"/v1/users/{path}");
                foreach (string target in (string[])[$"/v1/items/{path}", $"/v1/items?itemId={path}"])
                {
                    using var item = JsonDocument.Parse(await SendAsync(200, "GET", target));
                    Assert.Equal(id, item.RootElement.GetProperty("itemId").GetString());
                }

                string export = await SendAsync(200, "GET", $"/v1/users/{path}/export");
                using var held = JsonDocument.Parse(export);
                Assert.Equal(id, held.RootElement.GetProperty("userId").GetString());
                Assert.Equal(id, held.RootElement.GetProperty("events")[0].GetProperty("itemId").GetString());
                expected.AddRange([(CommandKind.PutItem, id), (CommandKind.PatchItem, id), (CommandKind.DeleteItem, id),
                    (CommandKind.PutUser, id), (CommandKind.MergeSession, id), (CommandKind.EraseUser, id)]);
            }
        }

        var commands = await _host.DrainCommandsAsync(expected.Count);
        Assert.Equal(expected, commands.Select(c => (c.Kind, c.UserId ?? c.ItemId ?? c.Item!.ItemId!)));
        Assert.All(commands, c => Assert.True(c.SessionId is null || c.SessionId == c.UserId));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task Dot_ids_are_refused_at_every_door(string id)
    {
        foreach (string field in (string[])["userId", "sessionId", "itemId", "eventId"])
        {
            var body = new Dictionary<string, string> { ["userId"] = "u", ["itemId"] = "i", ["type"] = "view", [field] = id };
            var refused = (await _host.PostAsync("/v1/events", JsonSerializer.Serialize(body))).IsProblem(400, "invalid-field");
            Assert.Equal($"{field} is '{id}', which no path can carry; use any other text", refused.Detail);
            (await _host.PostAsync("/v1/events", JsonSerializer.Serialize(body), "application/x-ndjson")).IsProblem(400,
                "invalid-elements");
        }

        var cloudEvent =
            (await _host.PostAsync("/v1/events", JsonSerializer.Serialize(
            new { specversion = "1.0", id, source = "/", type = "view", data = new { userId = "u", itemId = "i" } }),
                "application/cloudevents+json")).IsProblem(400, "invalid-field");
        Assert.Equal("id", cloudEvent.Field);
        Assert.Equal("itemId", (await _host.PostAsync("/v1/items", JsonSerializer.Serialize(new { itemId = id }))).IsProblem(400,
            "invalid-field").Field);
        foreach (string path in (string[])[id, id.Replace(".", "%2E"), id.Replace(".", "%2e")])
        {
            foreach (var (method, target) in ((string, string)[])[("PUT", $"/v1/items/{path}"), ("DELETE", $"/v1/items/{path}"),
                ("DELETE", $"/v1/users/{path}"), ("PUT", $"/v1/users/{path}"), ("GET", $"/v1/users/{path}/export"),
                    ("POST", $"/v1/users/{path}/merge")])
            {
                var (status, _) = await RawHttp.SendAsync(_host.Client.BaseAddress!, method, target, method is "PUT" or "POST" ? "{}"
                    : null, Cancel);
                Assert.InRange(status, 400, 499);
            }
        }
    }

    [Theory]
    [InlineData(".", "%2E")]
    [InlineData("..", "..")]
    [InlineData("a/b", "a%2Fb")]
    public async Task What_earlier_versions_stored_under_dot_ids_is_exported_erased_and_merged_by_query_and_body(string id, string encoded)
    {
        await _host.Get<IStore>().StoreInteractionsAsync(
            [new Interaction { EventId = "e" + id, UserId = id, ItemId = "i", Type = "view",
                OccurredAt = DateTimeOffset.UnixEpoch.AddYears(50) }], Cancel);
        Assert.Contains($"\"e{id}\"", await SendAsync(200, "GET", "/v1/users/export?userId=" + encoded));
        await SendAsync(202, "DELETE", "/v1/users?userId=" + encoded);
        await SendAsync(202, "DELETE", "/v1/items?itemId=" + encoded);
        await SendAsync(202, "POST", "/v1/users/u/merge", JsonSerializer.Serialize(new { sessionId = id }));
        var commands = await _host.DrainCommandsAsync(3);
        Assert.Equal([(CommandKind.EraseUser, id), (CommandKind.DeleteItem, id), (CommandKind.MergeSession, id)],
            commands.Select(c => (c.Kind, c.Kind == CommandKind.MergeSession ? c.SessionId! : c.UserId ?? c.ItemId!)));
    }

    [Theory]
    [InlineData("DELETE", "/v1/users")]
    [InlineData("DELETE", "/v1/users?userId=")]
    [InlineData("DELETE", "/v1/users?userId=a&userId=b")]
    [InlineData("DELETE", "/v1/items")]
    [InlineData("GET", "/v1/items")]
    [InlineData("GET", "/v1/users/export")]
    public async Task The_query_form_needs_one_id(string method, string target) =>
        Assert.Contains("Id is required", (await _host.SendAsync(new HttpMethod(method), target)).IsProblem(400, "invalid-field").Detail);

    private async Task<string> SendAsync(int status, string method, string target, string? json = null)
    {
        var answer = await RawHttp.SendAsync(_host.Client.BaseAddress!, method, target, json, Cancel);
        Assert.True(answer.Status == status, $"{method} {target}: {answer.Status} {answer.Body}");
        return answer.Body;
    }
}
