using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>
/// Random and hostile requests to every endpoint the services describe, at the services and through the gateway, and hostile messages on
/// the broker,
/// while valid events go on: everything hostile is refused, nothing fails, grows or is lost.
/// </summary>
/// <remarks>Replay: <c>RECOMMENDER_SEED=N</c>, as printed.</remarks>
public class HostileTests(Servers servers)
{
    private const int RandomBodies = 40, RandomMessages = 200;
    private const long HeapBytes = 256L << 20, ResidentBytes = 450L << 20;

    // Of thousands. A pool keeps some of those that were open at once.
    private const int KeptConnections = 80;

    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Trainer__Rank"] = "8",
        ["Trainer__TuneBudgetSeconds"] = "0",
        ["Trainer__MinimumEvents"] = "1000000000", // Trained only when asked for.
        // What is kept without bound meets this one, and then a request fails.
        ["DOTNET_GCHeapHardLimit"] = HeapBytes.ToString("x", CultureInfo.InvariantCulture),
    };

    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("RECOMMENDER_SEED"), CultureInfo.InvariantCulture,
        out int given) ? given : Random.Shared.Next(1_000_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_sent_to_any_endpoint_or_the_exchange_nothing_fails_grows_or_is_lost()
    {
        void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
        Say($"[MEASURED] RECOMMENDER_SEED={_seed}");
        string rabbitMq = await servers.NewVirtualHostAsync(), postgres = await servers.NewDatabaseAsync();
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq, redis.ConnectionString, postgres, more: s_settings);
        await fleet.StartAsync();
        ServiceProcess[] services = [fleet.Ingests[0], fleet.Trainers[0], fleet.Recommends[0]];
        var processes = fleet.All.Select(service => service.ProcessId).ToList();
        var files = fleet.All.Select(OpenFiles).ToList();

        var producer = new Producer(fleet.Console.Address, _seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var load = producer.RunAsync(stop.Token);
        var endpoints = new List<(ServiceProcess Service, Endpoint Endpoint)>();
        foreach (var service in services)
        {
            var described = Endpoint.Of(await service.Client.GetFromJsonAsync<JsonElement>("openapi/v1.json", Cancel)).ToList();
            Assert.NotEmpty(described);
            endpoints.AddRange(described.Select(endpoint => (service, endpoint)));
        }

        // Slow requests run concurrently with the others.
        var slow = Task.WhenAll(endpoints.Where(e => e.Endpoint.Bodies.Count > 0)
            .SelectMany(e => new[] { e.Service, fleet.Console }.Select(target => SlowBodyAsync(target, e.Endpoint)))
                .Concat(fleet.All.Select(SlowHeadersAsync)));
        var answered = new ConcurrentDictionary<int, int>();
        var problems = new ConcurrentBag<string>();
        int index = 0;
        foreach (var (service, endpoint) in endpoints)
        {
            foreach (var target in new[] { service, fleet.Console })
            {
                // Its own seed for each: what they get does not depend on the order of answers.
                var attempts = Attempts(endpoint, new Random(_seed + index++)).ToList();
                await Parallel.ForEachAsync(attempts, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancel },
                    async (attempt, _) =>
                {
                    var (status, problem) = await SendAsync(target, endpoint, attempt);
                    answered.AddOrUpdate(status, 1, (_, n) => n + 1);
                    if (problem is not null)
                        problems.Add($"{target.Name}, {endpoint}, {attempt.What}, {Short(attempt.Target)}, "
                            + $"{Short(Encoding.Latin1.GetString(attempt.Body.AsSpan()[..Math.Min(attempt.Body?.Length ?? 0, 300)]))}: "
                            + $"{problem}");
                });
            }
        }

        await Parallel.ForEachAsync(fleet.All.SelectMany(target => BrokenRequests(new Random(_seed))
            .Select(broken => (target, broken.What, broken.Bytes))), Cancel, async (broken, _) =>
        {
            if (await ExchangeAsync(broken.target, broken.What, broken.Bytes) is var answer && IsFailure(answer))
                problems.Add($"{broken.target.Name}, {broken.What}: {Short(answer)}");
        });
        Assert.True(problems.IsEmpty, $"RECOMMENDER_SEED={_seed}: {problems.Count} requests were answered wrongly, such "
            + $"as:\n{string.Join('\n', problems.Take(20))}\n{string.Join('\n', fleet.All.SelectMany(FirstFailure))}");
        Say($"[MEASURED] {endpoints.Count} endpoints; answers: {string.Join(", ", answered.OrderBy(a => a.Key).Select(a => $"{a.Key} × "
            + $"{a.Value}"))}");

        var valid = await PublishAsync(rabbitMq, fleet, endpoints.Single(e => e.Endpoint.ToString() == "POST /v1/events").Endpoint);
        await slow;
        await stop.CancelAsync();
        await load;
        Assert.Equal([System.Net.HttpStatusCode.Accepted], producer.Answers.Keys);
        await fleet.DrainedAsync();
        // The last batch has left the queue before it is stored.
        LossCheck.Report report = null!;
        await Eventually.PassesAsync(async () =>
        {
            report = await LossCheck.CompareAsync(producer.Accepted.Select(e => e.EventId).Concat(valid), postgres);
            // What was changed at random may be valid, and is then stored: rightly.
            (report with { Unknown = [] }).AssertNothingLost();
        });
        Assert.True(report.Accepted > valid.Count);

        // What was taken does no harm: it is learned from, and everybody valid is answered.
        await LossCheck.TrainAsync(fleet.Api, fleet.Recommends);
        // With what they have seen: by now some have seen everything.
        foreach (string user in Producer.UserIds)
            Assert.Equal("personal", (await fleet.Api.GetAsync($"/v1/users/{user}/recommendations?includeSeen=true")).GetProperty("source")
                .GetString());
        Assert.Equal(processes, fleet.All.Select(service => service.ProcessId));
        Assert.All(fleet.All, service =>
        {
            Assert.True(service.IsRunning, service.LogTail());
            Assert.DoesNotContain(service.Log, line => line.StartsWith("fail:", StringComparison.Ordinal)
                || line.StartsWith("crit:", StringComparison.Ordinal));
            Assert.InRange(Resident(service), 1, ResidentBytes);
        });
        foreach (var (service, before) in fleet.All.Zip(files)) await Eventually.TrueAsync(() => OpenFiles(service) <= before
            + KeptConnections, what: $"{service.Name} closes what was opened");
        Say($"[MEASURED] resident MB afterwards: {string.Join(", ", fleet.All.Select(service => $"{service.Name} "
            + $"{Resident(service) >> 20}"))}; {report.Accepted} valid events meanwhile");
    }

    /// <summary>Every service and the gateway answer limits and foreign pages alike, with a problem and a trace; HEAD works
    /// everywhere.</summary>
    [Fact]
    public async Task Every_service_and_the_gateway_refuse_alike()
    {
        string rabbitMq = await servers.NewVirtualHostAsync(), postgres = await servers.NewDatabaseAsync();
        await using var redis = await servers.NewRedisAsync();
        await using var fleet = new Fleet(rabbitMq, redis.ConnectionString, postgres, more: s_settings);
        await fleet.StartAsync();
        const string trace = "0af7651916cd43dd8448eb211c80319c", head = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        (string What, string Request, int Status)[] attempts =
        [
            ("a long target", $"GET /v1/{new string('a', 200_000)}{head}", 414),
            ("a long header", $"GET /v1/status{head}X-A: {new string('a', 100_000)}\r\n", 431),
            ("many headers", $"GET /v1/status{head}{string.Concat(Enumerable.Repeat("X-A: b\r\n", 2000))}", 431),
            ("a query that is no UTF-8", $"GET /v1/users?prefix=%ff{head}", 400),
            ("an unknown path", $"GET /v2{head}", 404),
            ("a wrong method", $"DELETE /health/live{head}", 405),
            ("a foreign page", $"POST /v1/deadletters/replay{head}Origin: https://evil.example\r\nContent-Length: 0\r\n", 403),
            ("a foreign page without a path", $"DELETE /v2{head}Sec-Fetch-Site: cross-site\r\n", 403),
        ];
        foreach (var service in fleet.All)
        {
            foreach (var (what, request, status) in attempts)
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", service.Port, Cancel);
                var stream = client.GetStream();
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{request}traceparent: 00-{trace}-b7ad6b7169203331-01\r\n\r\n"), Cancel);
                string answer = await ReadToEndAsync(stream, Cancel);
                Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{service.Name}, {what}: {Short(answer)}");
                Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
                Assert.Contains($"traceparent: 00-{trace}-", answer, StringComparison.Ordinal);
            }
        }

        string[] paths = ["/health/live", "/health/ready", "/v1/items/popular", "/v1/status", "/v1/models", "/v1/serving",
            "/openapi/v1.json", "/"];
        foreach (string path in paths)
        {
            var get = await fleet.Console.Client.GetAsync(path, Cancel);
            var probe = await fleet.Console.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
            Assert.Equal((path, 200, 200), (path, (int)get.StatusCode, (int)probe.StatusCode));
            Assert.Equal(get.Content.Headers.ContentType, probe.Content.Headers.ContentType);
            // Where GET is chunked, its client counts the length.
            if (get.Headers.TransferEncodingChunked != true)
                Assert.Equal(get.Content.Headers.ContentLength, probe.Content.Headers.ContentLength);
        }

        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int i = 0; i < 20_000; i++)
            {
                string line = $$"""{"eventId":"z{{i}}","userId":"u{{i % 50}}","itemId":"i{{i % 9}}","type":"view"}""" + "\n";
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(line), Cancel);
            }
        }

        using var content = new ByteArrayContent(compressed.ToArray());
        content.Headers.ContentType = new("application/x-ndjson");
        content.Headers.ContentEncoding.Add("gzip");
        using var accepted = await fleet.Console.Client.PostAsync("/v1/events", content, Cancel);
        Assert.Equal(20_000, (await accepted.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accepted").GetInt32());
        await Eventually.EqualAsync(20_000, async () => (await fleet.Api.GetAsync("/v1/status")).GetProperty("events").GetInt64());
    }

    /// <summary>What a service logged of its first failure.</summary>
    private static IEnumerable<string> FirstFailure(ServiceProcess service) =>
        service.Log.SkipWhile(line => !line.StartsWith("fail:", StringComparison.Ordinal)).Take(20)
        .Select(line => $"[{service.Name}] {line}");

    /// <param name="Status">What must be answered; 0: anything below 500; 4: any refusal.</param>
    private sealed record Attempt(string What, string Target, int Status, byte[]? Body = null, string? ContentType = null,
        bool Chunked = false, string Method = "", (string Name, string Value)? Header = null);

    private const int NoFailure = 0, Refused = 4;

    private static IEnumerable<Attempt> Attempts(Endpoint endpoint, Random random)
    {
        string target = endpoint.With("1");
        byte[] nothing = "{}"u8.ToArray(), broken = HostileInput.NeverValid[0].Body;
        string? json = endpoint.Bodies.Count == 0 ? null : endpoint.Bodies[0].ContentType;
        foreach (string method in (string[])["FOO", "TRACE"]) yield return new($"method {method}", target, Refused, Method: method);
        foreach (var (contentType, schema) in endpoint.Bodies)
        {
            foreach (var (what, body) in HostileInput.NeverValid) yield return new($"{what} as {contentType}", target, Refused, body,
                contentType, random.Next(2) == 0);
            // A stream may be of any length, but none of its lines.
            int tooLarge = contentType.Contains("ndjson", StringComparison.Ordinal) ? 400 : 413;
            yield return new($"10 MB as {contentType}", target, tooLarge, HostileInput.Big, contentType);
            yield return new($"10 MB of unknown length as {contentType}", target, tooLarge, HostileInput.Big, contentType, Chunked: true);
            for (int i = 0; i < RandomBodies; i++) yield return new($"random body {i} as {contentType}", target, NoFailure,
                HostileInput.Body(schema, endpoint.Document, random), contentType, random.Next(2) == 0);
        }

        if (json is not null)
            foreach (string contentType in HostileInput.ContentTypes)
                yield return new("content type", target, Refused, nothing, contentType);
        if (endpoint.HasId)
        {
            foreach (string id in HostileInput.NeverValidIds)
                yield return new("id", endpoint.With(id), Refused, json is null ? null : nothing, json);
            // What only orders something (erase, release) takes any valid id: it gets none.
            for (int i = 0; i < 20 && (endpoint.Reads || json is not null); i++)
                yield return new("id", endpoint.With(HostileInput.Id(random)), NoFailure, json is null ? null : nothing, json);
        }

        foreach (string parameter in endpoint.QueryParameters)
            foreach (string value in HostileInput.QueryValues) yield return new("query", $"{target}?{parameter}={value}", NoFailure);
        if (!endpoint.Reads && json is null) yield break;
        foreach (var header in HostileInput.Headers)
            yield return new($"header {header.Name}", target, endpoint.Reads ? NoFailure : Refused, endpoint.Reads ? null
                : broken, json, Header: header);
        if (!endpoint.Reads) yield break;
        yield return new("a body where none is taken", target, NoFailure, broken, "application/json");
        yield return new("10 MB where none is taken", target, NoFailure, HostileInput.Big, "application/json");
    }

    /// <summary>An answer and its error.</summary>
    private static async Task<(int Status, string? Problem)> SendAsync(ServiceProcess target, Endpoint endpoint, Attempt attempt)
    {
        // The target as it stands, without the client's own idea of paths.
        using var request = new HttpRequestMessage(new HttpMethod(attempt.Method.Length > 0 ? attempt.Method : endpoint.Method),
            new Uri(target.Address.GetLeftPart(UriPartial.Authority) + attempt.Target,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (attempt.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            if (attempt.ContentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", attempt.ContentType);
            request.Headers.TransferEncodingChunked = attempt.Chunked;
        }

        if (attempt.Header is { } header && !request.Headers.TryAddWithoutValidation(header.Name, header.Value))
            request.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        try
        {
            using var response = await s_client.SendAsync(request, Cancel);
            int status = (int)response.StatusCode;
            string text = await response.Content.ReadAsStringAsync(Cancel),
                answer = $"answered {status} {response.Content.Headers.ContentType} {Short(text)}";
            if (!(attempt.Status switch
            {
                NoFailure => status < 500,
                Refused => status is >= 400 and < 500,
                _ =>
                status == attempt.Status
            })) return (status, answer);
            // The server itself refuses malformed requests, without a body.
            if (status >= 400 && text.Length > 0 && response.Content.Headers.ContentType?.MediaType != "application/problem+json")
                return (status, answer);
            return (status, text.Contains("   at ", StringComparison.Ordinal)
                || text.Contains("System.", StringComparison.Ordinal) ? answer : null);
        }
        catch (HttpRequestException e)
        {
            return (0, $"did not answer: {e.Message} {e.InnerException?.Message}");
        }
    }

    private static readonly HttpClient s_client =
        new(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8
        })
        { Timeout = TimeSpan.FromSeconds(30) };

    private static string Short(string text) => text.Length > 300 ? text[..300] + "…" : text;

    /// <summary>Bytes that are hardly HTTP, or end too early.</summary>
    private static IEnumerable<(string What, byte[] Bytes)> BrokenRequests(Random random)
    {
        const string events = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
            status = "GET /v1/status HTTP/1.1\r\n";
        var garbage = new byte[5000];
        random.NextBytes(garbage);
        yield return ("garbage that ends early", garbage);
        yield return ("TLS that ends early", [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, .. garbage[..190]]);
        foreach (var (what, text) in ((string, string)[])
        [
            ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ("HTTP/0.9", "GET /v1/status\r\n\r\n"),
                ("HTTP/9", "GET /v1/status HTTP/9.9\r\nHost: localhost\r\n\r\n"),
            ("NUL in the target", "GET /v1/sta\0tus HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                ("raw bytes in the target", "GET /v1/users/\u00ff\u00fe/history HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            ("no path", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                ("another host in the target", "GET http://evil/v1/status HTTP/1.1\r\nHost: evil\r\n\r\n"),
                    ("a target that goes up", "GET /x/../../v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            ("no host", status + "\r\n"), ("two hosts", status + "Host: localhost\r\nHost: evil\r\n\r\n"),
                ("a foreign host", status + "Host: evil\r\n\r\n"), ("a host that is none", status + "Host: a b/%\r\n\r\n"),
            ("no colon", status + "Host: localhost\r\nnonsense\r\n\r\n"), ("a blank before the colon", status + "Host : localhost\r\n\r\n"),
                ("a folded header", status + "Host: localhost\r\nX-A: b\r\n c\r\n\r\n"),
            ("invalid UTF-8 in a header", status + "Host: localhost\r\nX-A: \u00ff\u00c0\r\n\r\n"),
                ("a long header", status + "Host: localhost\r\nX-A: " + new string('a', 100_000) + "\r\n\r\n"),
            ("many headers", status + "Host: localhost\r\n" + string.Concat(Enumerable.Repeat("X-A: b\r\n", 2000)) + "\r\n"),
                ("a long target", "GET /" + new string('a', 200_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            ("a negative length", events + "Content-Length: -1\r\n\r\n{}"),
                ("a length beyond numbers", events + "Content-Length: 99999999999999999999\r\n\r\n{}"),
                    ("the largest length", events + "Content-Length: 9223372036854775807\r\n\r\n{}"),
            ("two lengths", events + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
                ("a length and chunks", events + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                    ("an unknown coding", events + "Transfer-Encoding: gzip, x\r\n\r\n{}"),
            ("a body that ends early", events + "Content-Length: 100\r\n\r\n{"),
                ("no chunk", events + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
                    ("a chunk beyond numbers", events + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}"),
            ("chunks that end early", events + "Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
                ("a request inside the body", events + "Content-Length: 30\r\n\r\nDELETE /v1/users/1 HTTP/1.1\r\n\r\n"),
        ])
        {
            yield return (what, Encoding.Latin1.GetBytes(text));
        }
    }

    /// <summary>Sends and returns what is answered; empty where the other side just closes. Only a request that ends early is said to be
    /// all there is: the server tells nobody anything who has gone.</summary>
    private static async Task<string> ExchangeAsync(ServiceProcess target, string what, byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", target.Port, Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(request, limit.Token);
            if (what.Contains("ends early", StringComparison.Ordinal)) client.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return await reader.ReadLineAsync(limit.Token) ?? "";
        }
        catch (IOException)
        {
            return ""; // Cut off: not polite, but no failure.
        }
    }

    private static async Task<string> ReadToEndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        try
        {
            await stream.CopyToAsync(text, cancellationToken);
        }
        catch (IOException)
        {
            // Cut off: not polite, but no failure.
        }

        return Encoding.Latin1.GetString(text.ToArray());
    }

    /// <summary>That a version of HTTP is not spoken is said by 505, and no failure.</summary>
    private static bool IsFailure(string answer) =>
        answer.StartsWith("HTTP/1.1 5", StringComparison.Ordinal) && !answer.StartsWith("HTTP/1.1 505", StringComparison.Ordinal);

    /// <summary>A body that hardly moves is given up within seconds, and named as what it is: the sender's fault.</summary>
    private static async Task SlowBodyAsync(ServiceProcess target, Endpoint endpoint)
    {
        string answer = await DripAsync(
            target, $"{endpoint.Method} {endpoint.With("1")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                + $"{endpoint.Bodies[0].ContentType}\r\nContent-Length: 1000\r\n\r\n", "{", "x");
        Assert.True(answer.StartsWith("HTTP/1.1 408",
            StringComparison.Ordinal), $"answered {Short(answer)} to a slow body at {target.Name}, {endpoint}");
    }

    private static async Task SlowHeadersAsync(ServiceProcess target)
    {
        string answer = await DripAsync(target, "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n");
        Assert.False(IsFailure(answer), $"answered {Short(answer)} to slow headers at {target.Name}");
    }

    /// <summary>Sends the pieces, the last of them again and again, until the other side has had enough; returns what that says.</summary>
    private static async Task<string> DripAsync(ServiceProcess target, params string[] pieces)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", target.Port, Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(40));
        var stream = client.GetStream();
        var answer = ReadToEndAsync(stream, limit.Token);
        for (int i = 0; !answer.IsCompleted; i++)
        {
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(pieces[Math.Min(i, pieces.Length - 1)]), limit.Token);
            }
            catch (IOException)
            {
                break; // The other side has closed.
            }

            await Task.WhenAny(answer, Task.Delay(300, limit.Token));
        }

        return await answer;
    }

    /// <summary>Hostile messages with valid ones between them, whose ids are returned. Those that nothing can be made of are kept, each
    /// with its reason.</summary>
    private async Task<List<string>> PublishAsync(string rabbitMq, Fleet fleet, Endpoint events)
    {
        var random = new Random(_seed);
        var valid = new List<string>();
        long before = (await fleet.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt64();
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        async Task SendAsync(string exchange, BasicProperties properties, byte[] body)
        {
            await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, body, Cancel);
            valid.Add($"amqp-{valid.Count}");
            await channel.BasicPublishAsync("interactions", "", mandatory: true,
                new BasicProperties { ContentType = "application/json", Persistent = true },
                Encoding.UTF8.GetBytes($$"""{"eventId":"{{valid[^1]}}","userId":"{{Producer.PersonalPrefix}}1","itemId":"item-1","type":"view"}"""), Cancel);
        }

        var json = new BasicProperties { ContentType = "application/json" };
        byte[] broken = HostileInput.NeverValid[0].Body;
        foreach (var (_, body) in HostileInput.NeverValid) await SendAsync("interactions", json, body);
        await SendAsync("interactions", json, HostileInput.Big);
        foreach (var properties in Properties()) await SendAsync("interactions", properties, broken);
        foreach (byte[] body in (byte[][])[broken, "[{\"kind\":\"eraseUser\"}]"u8.ToArray(), [0xff]])
            await SendAsync("commands", json, body);
        long hopeless = HostileInput.NeverValid.Count + 1 + Properties().Count() + 3;
        await Eventually.EqualAsync(before + hopeless,
            async () => (await fleet.Api.GetAsync("/v1/deadletters?limit=1")).GetProperty("total").GetInt64());
        Assert.All((await fleet.Api.GetAsync("/v1/deadletters?limit=1000")).GetProperty("letters").EnumerateArray(), letter =>
        {
            Assert.NotEqual("unknown", letter.GetProperty("reason").GetString());
            Assert.NotEqual("", letter.GetProperty("reason").GetString());
        });

        for (int i = 0; i < RandomMessages; i++)
            await SendAsync("interactions", HostileInput.Pick(random, [.. Properties().Where(p => !p.IsExpirationPresent())]),
                HostileInput.Body(events.Bodies[0].Schema, events.Document, random));
        return valid;
    }

    private static IEnumerable<BasicProperties> Properties()
    {
        yield return new BasicProperties();
        yield return new BasicProperties
        {
            ContentType = "text/plain; charset=é",
            ContentEncoding = "gzip",
            Type = "../..",
            AppId = "\u0001",
            ReplyTo = "../nobody",
            CorrelationId = new string('c', 255)
        };
        yield return new BasicProperties { MessageId = new string('m', 255), Timestamp = new AmqpTimestamp(long.MaxValue) };
        yield return new BasicProperties { MessageId = "é\u0000", Timestamp = new AmqpTimestamp(-1), Priority = 255 };
        yield return new BasicProperties
        {
            Headers =
            new Dictionary<string, object?>
            {
                ["traceparent"] = new byte[] { 0xff, 0 },
                ["x-origins"] = new string(',', 9000),
                ["timestamp_in_ms"] = long.MaxValue,
                ["x-reason"] = 1,
                ["x-death"] = "no list"
            }
        };
        yield return new BasicProperties
        {
            Headers =
            new Dictionary<string, object?>
            {
                ["timestamp_in_ms"] = "soon",
                ["x-stream"] = "../commands",
                ["x-reason"] = new Dictionary<string, object?> { ["a"] = new List<object?> { null, true, 1.5 } }
            }
        };
        // The broker itself gives this one up, if the Trainer does not before, and keeps the time as it is.
        yield return new BasicProperties { Expiration = "0", Timestamp = new AmqpTimestamp(long.MaxValue) };
    }

    private static int OpenFiles(ServiceProcess service) => Directory.GetFileSystemEntries($"/proc/{service.ProcessId}/fd").Length;

    private static long Resident(ServiceProcess service)
    {
        using var process = Process.GetProcessById(service.ProcessId);
        return process.WorkingSet64;
    }
}
