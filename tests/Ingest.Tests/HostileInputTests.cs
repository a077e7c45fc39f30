using System.Text;
using Recommender.Contracts;
using Recommender.Messaging.Parsing;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>Random and hostile bodies at every endpoint: only 2xx for what happens to be valid, else 4xx; never 5xx.</summary>
public sealed class HostileInputTests
{
    private static readonly string[] s_seeds =
    [
        """{"eventId":"e","userId":"u","itemId":"i","type":"view","value":1,"occurredAt":"2024-01-01T00:00:00Z","context":{"a":[1,2,{"b":null}]}}""",
        """[{"userId":"u","itemId":"i","type":"view"},{"sessionId":"s","itemId":"j","type":"cart"}]""",
        """{"itemId":"i","title":"t","categories":["c"],"tags":["t"],"properties":{"p":1,"q":"x","r":[true]},"vector":[1,2]}""",
        """{"properties":{"a":1}}""",
        """{"sessionId":"s"}""",
        """{"specversion":"1.0","id":"1","source":"/","type":"view","data":{"userId":"u","itemId":"i"}}""",
    ];

    private static readonly byte[][] s_hostile =
    [
        [], "null"u8.ToArray(), "true"u8.ToArray(), "0"u8.ToArray(), "\"\""u8.ToArray(), "{}"u8.ToArray(), "[[]]"u8.ToArray(),
            "[null,null]"u8.ToArray(), new byte[1000], [0xff, 0xfe, 0xfd], [0xef, 0xbb, 0xbf, (byte)'{', (byte)'}'],
        Encoding.UTF8.GetBytes(new string('[', 50_000)), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 50_000))),
        Encoding.UTF8.GetBytes("{\"value\":" + new string('9', 100_000) + "}"),
            Encoding.UTF8.GetBytes("{\"value\":1e" + new string('9', 1000) + "}"),
        Encoding.UTF8.GetBytes("{\"userId\":\"" + new string('x', 2_000_000) + "\"}"),
            "{\"userId\":\"\\ud800\\udbff\",\"itemId\":\"\\u0000\"}"u8.ToArray(),
        "{\"$type\":\"System.Object\",\"__proto__\":{},\"itemId\":{\"$ref\":\"1\"}}"u8.ToArray(),
            "{\"properties\":{\"\":1,\"a\":1e400}}"u8.ToArray(), "{\"occurredAt\":\"0001-01-01T00:00:00+14:00\"}"u8.ToArray(),
        "{\"vector\":[1e39,NaN]}"u8.ToArray(), "{\"vector\":[1e39],\"itemId\":\"a\"}"u8.ToArray(),
            "{\"properties\":null,\"categories\":null}"u8.ToArray(),
    ];

    [Fact]
    public async Task Nothing_posted_makes_the_service_fail()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        await using var host = await IngestHost.StartAsync();
        (HttpMethod Method, string Path)[] endpoints =
        [
            (HttpMethod.Post, "/v1/events"), (HttpMethod.Post, "/v1/events?atomic=true"), (HttpMethod.Post, "/v1/items"),
                (HttpMethod.Put, "/v1/items/x"), (HttpMethod.Patch, "/v1/items/x"),
            (HttpMethod.Put, "/v1/users/x"), (HttpMethod.Post, "/v1/users/x/merge"), (HttpMethod.Get, "/v1/erasures/x"),
                (HttpMethod.Get, "/v1/users/x/export"), (HttpMethod.Delete, "/v1/users/x"),
        ];
        string[] types = ["application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json",
            "application/merge-patch+json", "text/plain", "application/json; charset=latin1"];
        for (int i = 0; i < 1500; i++)
        {
            byte[] body = i < s_hostile.Length * types.Length ? s_hostile[i % s_hostile.Length]
                : Mutate(Encoding.UTF8.GetBytes(s_seeds[random.Next(s_seeds.Length)]), random);
            string type = types[i < s_hostile.Length * types.Length ? i / s_hostile.Length : random.Next(types.Length)];
            foreach (var (method, path) in i < s_hostile.Length * types.Length ? endpoints : [endpoints[random.Next(endpoints.Length)]])
            {
                var answer = await host.SendAsync(method, path, method == HttpMethod.Get ? null : body, type, request =>
                {
                    if (random.Next(10) == 0) request.Headers.TryAddWithoutValidation("ce-specversion", "1.0");
                });
                Assert.True(answer.Status < 500, $"seed {seed}: {method} {path} {type} answered {answer.Status} to "
                    + $"{Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 300)))}: {answer.Body}");
                if (answer.Status >= 400) Assert.Equal("application/problem+json", answer.ContentType);
            }
        }

        // What got through is what its readers can read: all of it.
        var errors = await host.DrainAsync(Topology.Interactions, 0,
            delivery => InteractionParser.Parse(delivery, DateTimeOffset.UtcNow).Rejected);
        Assert.Empty(errors);
        Assert.All(await host.DrainCommandsAsync(0), command => Assert.Null(command.Item?.Validate()));
        (await host.PostAsync("/v1/events", s_seeds[0])).IsAccepted(1);
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        for (int n = random.Next(4); n > 0 && body.Length > 0; n--)
        {
            int at = random.Next(body.Length);
            switch (random.Next(5))
            {
                case 0: body[at] = (byte)random.Next(256); break;
                case 1: body = body[..at]; break;
                case 2: body = [.. body[..at], .. body]; break;
                case 3: body = [.. body[..at], .. body[Math.Min(body.Length, at + random.Next(10))..]]; break;
                default: body = [.. body[..at], .. "\"\\{}[],:0e-\0"u8[random.Next(12)..], .. body[at..]]; break;
            }
        }

        return body;
    }
}
