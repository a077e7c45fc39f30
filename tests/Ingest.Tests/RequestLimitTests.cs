using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>
/// Limits of the request line, the headers and the query, and what HEAD and wrong methods get: always a problem, always with a trace.
/// </summary>
public sealed class RequestLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_exceeds_a_limit_is_a_problem_that_names_it()
    {
        await using var host = await IngestHost.StartAsync();
        string Target(int bytes) => "/v1/erasures/" + new string('a', bytes - 13);
        Assert.Contains("erasureId", (await GetAsync(host, Target(Limits.TargetBytes))).Is(400, "invalid-field"), StringComparison.Ordinal);
        Assert.Contains($"{Limits.TargetBytes}", (await GetAsync(host, Target(Limits.TargetBytes + 1))).Is(414, "target-too-long"),
            StringComparison.Ordinal);
        Assert.Contains($"{Limits.TargetBytes}", (await GetAsync(host, Target(900_000))).Is(414, "target-too-long"),
            StringComparison.Ordinal);

        string Header(int bytes) => $"X-A: {new string('a', bytes)}\r\n";
        Assert.Equal(200, (await GetAsync(host, "/health/live", Header(Limits.HeaderBytes - 200))).Status);
        Assert.Contains($"{Limits.HeaderBytes}",
            (await GetAsync(host, "/health/live", Header(Limits.HeaderBytes))).Is(431, "headers-too-large"), StringComparison.Ordinal);
        Assert.Contains($"{Limits.HeaderBytes}", (await GetAsync(host, "/health/live", Header(900_000))).Is(431, "headers-too-large"),
            StringComparison.Ordinal);
        Assert.Contains($"{Limits.HeaderBytes}", (await GetAsync(host, "/health/live", string.Concat(Enumerable.Repeat(Header(1000), 60))))
            .Is(431, "headers-too-large"), StringComparison.Ordinal);

        string Fields(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: b\r\n"));
        Assert.Equal(200, (await GetAsync(host, "/health/live", Fields(Limits.HeaderFields - 2))).Status);
        Assert.Contains($"{Limits.HeaderFields}",
            (await GetAsync(host, "/health/live", Fields(Limits.HeaderFields + 1))).Is(431, "headers-too-large"), StringComparison.Ordinal);
        string same = string.Concat(Enumerable.Repeat("X-A: b\r\n", 2000));
        Assert.Contains("2002", (await GetAsync(host, "/health/live", same)).Is(431, "headers-too-large"), StringComparison.Ordinal);
        Assert.Contains($"{Limits.HeaderFields}", (await GetAsync(host, "/health/live", Fields(3000))).Is(431, "headers-too-large"),
            StringComparison.Ordinal);

        var tooLong = await host.PostAsync("/v1/events", new byte[Limits.BodyBytes + 1]);
        Assert.Contains($"{Limits.BodyBytes}", tooLong.IsProblem(413, "too-large").Detail);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_may_be_as_long_as_the_limit_and_no_byte_longer(bool chunked)
    {
        await using var host = await IngestHost.StartAsync();
        byte[] body = new byte[Limits.BodyBytes + 1];
        Array.Fill(body, (byte)' ');
        """{"userId":"u","itemId":"i","type":"view"}"""u8.CopyTo(body);
        Task<Answer> PostAsync(byte[] bytes) => host.SendAsync(
            HttpMethod.Post, "/v1/events", bytes, "application/json", request => request.Headers.TransferEncodingChunked = chunked);
        (await PostAsync(body[..^1])).IsAccepted(1);
        (await PostAsync(body)).IsProblem(413, "too-large");
    }

    [Theory]
    [InlineData("?limit=1&prefix=%ff", "prefix")]
    [InlineData("?prefix=%C3", "prefix")]
    [InlineData("?prefix=a%C3%A4%ED%A0%80", "prefix")]
    [InlineData("?prefix=%zz", "prefix")]
    [InlineData("?prefix=a%", "prefix")]
    [InlineData("?unknown%ff=1", null)]
    public async Task A_query_that_is_not_percent_encoded_UTF8_is_refused_as_a_path_is(string query, string? field)
    {
        await using var host = await IngestHost.StartAsync();
        string detail = (await GetAsync(host, "/health/live" + query)).Is(400, "invalid-field");
        Assert.StartsWith(field ?? "a parameter of the query", detail, StringComparison.Ordinal);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live?a=%C3%A4%F0%9F%90%8D&b=%25&c=+&d&&=")).Status);
    }

    [Fact]
    public async Task HEAD_has_the_status_and_headers_of_GET_and_no_body()
    {
        await using var host = await IngestHost.StartAsync();
        string[] paths = ["/health/live", "/health/ready", "/openapi/v1.json", "/v1/users/nobody/export", "/v1/erasures/x", "/v1/nothing"];
        foreach (string path in paths)
        {
            var get = await GetAsync(host, path);
            var head = await GetAsync(host, path, method: "HEAD");
            Assert.Equal(get.Status, head.Status);
            Assert.Equal("", head.Body);
            Assert.NotEqual("", get.Body);
            Assert.Equal(Names(get), Names(head));
        }

        Assert.Equal(405, (await GetAsync(host, "/v1/events", method: "HEAD")).Status);

        // Neither the date nor the trace is the same, and nothing is chunked where nothing is sent.
        static string Names(RawAnswer answer) => string.Join(',', answer.Headers.Keys.Where(name => name != "transfer-encoding").Order());
    }

    [Fact]
    public async Task Wrong_methods_name_the_right_ones_and_a_wrong_path_or_type_needs_no_scope()
    {
        var (key, entry) = ApiKeys.Create("ingest", [Scopes.Ingest]);
        await using var host = await IngestHost.StartAsync(
            settings: new() { ["Keys:0:Id"] = entry.Id, ["Keys:0:Hash"] = entry.Hash, ["Keys:0:Scopes"] = Scopes.Ingest });
        string header = $"X-API-Key: {key}\r\n";
        Assert.Equal("GET, HEAD", Allow(await GetAsync(host, "/health/live", header, "DELETE")));
        Assert.Equal("POST", Allow(await GetAsync(host, "/v1/events", header)));
        (await GetAsync(host, "/v1/nothing", header)).Is(404, "not-found");
        (await host.SendAsync(HttpMethod.Post, "/v1/events", "{}"u8.ToArray(), "text/plain",
            request => request.Headers.Add("X-API-Key", key))).IsProblem(415, "unsupported-media-type");
        (await GetAsync(host, "/v1/erasures/x")).Is(401, "unauthorized");
        (await GetAsync(host, "/v1/erasures/x", header)).Is(403, "forbidden");

        static string Allow(RawAnswer answer)
        {
            answer.Is(405, "method-not-allowed");
            return answer.Headers["allow"];
        }
    }

    [Fact]
    public async Task Every_answer_belongs_to_the_trace_of_its_caller()
    {
        await using var host = await IngestHost.StartAsync();
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        string[] paths = ["/health/live", "/v1/nothing", "/v1/events", "/health/live?a=%ff", "/v1/" + new string('a', 70_000)];
        foreach (string path in paths)
        {
            var answer = await GetAsync(host, path, $"traceparent: 00-{Trace}-b7ad6b7169203331-01\r\n");
            Assert.StartsWith($"00-{Trace}-", answer.Headers["traceparent"], StringComparison.Ordinal);
        }
    }

    /// <summary>By hand: a client has its own limits and its own idea of HEAD.</summary>
    private static async Task<RawAnswer> GetAsync(IngestHost host, string target, string headers = "", string method = "GET")
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", host.Client.BaseAddress!.Port, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII
            .GetBytes($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"), Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string text = await reader.ReadToEndAsync(Cancel);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        string[] lines = text[..end].Split("\r\n");
        return new RawAnswer(
            int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture),
            lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0].ToLowerInvariant(), parts => parts[1]),
            text[(end + 4)..]);
    }

    private sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        /// <summary>Asserts a problem; returns its detail.</summary>
        public string Is(int status, string type)
        {
            Assert.True(status == Status, $"expected {status}, got {Status}: {Body}");
            Assert.Equal("application/problem+json", Headers["content-type"]);
            Assert.True(System.Diagnostics.ActivityContext.TryParse(Headers["traceparent"], null, out _));
            using var problem = JsonDocument.Parse(Body[Body.IndexOf('{')..(Body.LastIndexOf('}') + 1)]);
            Assert.Equal("urn:recommender:problem:" + type, problem.RootElement.GetProperty("type").GetString());
            return problem.RootElement.GetProperty("detail").GetString()!;
        }
    }
}
