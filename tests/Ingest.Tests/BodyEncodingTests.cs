using System.IO.Compression;
using System.Text;
using Recommender.Contracts;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>Compressed bodies, byte order marks and other encodings than UTF-8.</summary>
public sealed class BodyEncodingTests
{
    private const string Event = """{"userId":"u","itemId":"i","type":"view"}""";
    private const string Json = "application/json", Lines = "application/x-ndjson";

    public static TheoryData<string, string> Bodies
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string coding in (string[])["gzip", "deflate", "br"])
                foreach (string type in (string[])[Json, Lines]) data.Add(coding, type);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_compressed_body_is_read(string coding, string type)
    {
        await using var host = await IngestHost.StartAsync();
        string body = type == Json ? $"[{Event},{Event}]" : $"{Event}\n{Event}\n";
        (await PostAsync(host, "/v1/events", Compress(coding, body), type, coding.ToUpperInvariant())).IsAccepted(2);
        (await PostAsync(host, "/v1/events", Compress(coding, "\ufeff" + body), type, coding)).IsAccepted(2);
        (await PostAsync(host, "/v1/items", Compress(coding, """{"itemId":"a"}"""), type, coding)).IsAccepted(1);
        byte[] profile = Compress(coding, """{"properties":{"a":1}}""");
        if (type == Json) (await PostAsync(host, "/v1/users/u", profile, type, coding, HttpMethod.Put)).IsAccepted(1);
        (await PostAsync(host, "/v1/events", Encoding.UTF8.GetBytes(body), type, "identity")).IsAccepted(2);
        Assert.Equal(6, (await host.DrainEventsAsync(6)).Count);
        Assert.Equal("a", (await host.DrainCommandsAsync(1))[0].Item?.ItemId);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_compressed_body_that_ends_early_or_is_damaged_says_so(string coding, string type)
    {
        await using var host = await IngestHost.StartAsync();
        byte[] whole = Compress(coding, Events(200, type == Json ? "," : "\n"));
        foreach (int length in (int[])[1, whole.Length / 2, whole.Length - 1])
            Assert.Contains("ends early",
                (await PostAsync(host, "/v1/events", whole[..length], type, coding)).IsProblem(400, "invalid-body").Detail);
        byte[] damaged = [.. Enumerable.Repeat((byte)0xff, 500)];
        var answer = (await PostAsync(host, "/v1/events", damaged, type, coding)).IsProblem(400, "invalid-body");
        Assert.Contains($"not valid {coding}", answer.Detail);
        Assert.Contains("Nothing of it was kept", (await PostAsync(host, "/v1/events", whole[..^1], type, coding)).Detail);
        Assert.Empty(await host.DrainEventsAsync(0));
    }

    [Fact]
    public async Task A_long_stream_that_ends_early_says_how_much_of_it_was_kept()
    {
        await using var host = await IngestHost.StartAsync(settings: new() { ["Ingest:GroupBytes"] = "1024" });
        byte[] whole = Compress("gzip", Events(20_000, "\n"));
        var answer = (await PostAsync(host, "/v1/events", whole[..^100], Lines, "gzip")).IsProblem(400, "invalid-body");
        int kept = answer.Json.GetProperty("accepted").GetInt32();
        Assert.InRange(kept, 1000, 19_999);
        Assert.Contains($"{kept} of its elements were kept", answer.Detail);
        Assert.Equal(kept, (await host.DrainEventsAsync(kept)).Count);
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("compress")]
    [InlineData("gzip, br")]
    [InlineData("gzip, gzip")]
    [InlineData("identity, gzip")]
    public async Task An_encoding_that_is_not_read_is_refused_with_those_that_are(string coding)
    {
        await using var host = await IngestHost.StartAsync();
        foreach (string type in (string[])[Json, Lines])
        {
            var answer = (await PostAsync(host, "/v1/events", Encoding.UTF8.GetBytes(Event), type, coding))
                .IsProblem(415, "unsupported-media-type");
            Assert.Equal("gzip,deflate,br", string.Join(',', answer.Headers.GetValues("Accept-Encoding")).Replace(" ", ""));
            Assert.Contains(coding, answer.Detail);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_bomb_ends_with_413_in_little_memory(string coding)
    {
        await using var host = await IngestHost.StartAsync();
        byte[] bomb = Zeros(coding, 256L << 20);
        Assert.True(bomb.Length < 1 << 20);
        long before = GC.GetTotalAllocatedBytes();
        Assert.Contains($"{Limits.BodyBytes}",
            (await PostAsync(host, "/v1/events", bomb, Json, coding)).IsProblem(413, "too-large").Detail);
        Assert.Contains("expands", (await PostAsync(host, "/v1/events", bomb, Lines, coding)).IsProblem(413, "too-large").Detail);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 80 << 20);
    }

    [Fact]
    public async Task A_stream_that_is_long_after_decompression_is_no_bomb()
    {
        await using var host = await IngestHost.StartAsync();
        string events = Events(150_000, "\n");
        Assert.True(events.Length > Limits.BodyBytes);
        byte[] body = Compress("gzip", events);
        (await PostAsync(host, "/v1/events", body, Lines, "gzip")).IsAccepted(150_000);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Lines)]
    public async Task A_byte_order_mark_is_skipped_and_UTF16_is_named(string type)
    {
        await using var host = await IngestHost.StartAsync();
        (await host.PostAsync("/v1/events", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Event)], type)).IsAccepted(1);
        (await host.PostAsync("/v1/items", [.. Encoding.UTF8.Preamble, .. """{"itemId":"a"}"""u8], type)).IsAccepted(1);
        if (type == Json) (await host.SendAsync(HttpMethod.Put, "/v1/items/a", [.. Encoding.UTF8.Preamble, .. "{}"u8], type)).IsAccepted(1);
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32 })
        {
            foreach (bool mark in (bool[])[true, false])
            {
                var answer = await host.PostAsync("/v1/events", [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(Event)], type);
                Assert.Contains("UTF-16", answer.IsProblem(400, "invalid-body").Detail);
            }
        }

        foreach (string charset in (string[])["utf-16", "iso-8859-1", "us-ascii"])
            Assert.Contains(charset, (await host.PostAsync("/v1/events", Encoding.UTF8.GetBytes(Event), $"{type}; charset={charset}"))
                .IsProblem(415, "unsupported-media-type").Detail);
        Assert.Single(await host.DrainEventsAsync(1));
    }

    [Fact]
    public async Task A_mark_that_arrives_byte_by_byte_is_skipped_too()
    {
        await using var host = await IngestHost.StartAsync();
        using var content = new DripContent([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Event)]);
        content.Headers.ContentType = new(Lines);
        using var response = await host.Client.PostAsync("/v1/events", content, TestContext.Current.CancellationToken);
        (await Answer.ReadAsync(response)).IsAccepted(1);
    }

    private static Task<Answer> PostAsync(
        IngestHost host, string path, byte[] body, string type, string coding, HttpMethod? method = null) =>
        host.SendAsync(method ?? HttpMethod.Post, path, body, type, request =>
            request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", coding));

    private static string Events(int count, string separator) =>
        string.Join(separator, Enumerable.Range(0, count).Select(_ =>
            $$"""{"eventId":"{{Guid.NewGuid()}}","userId":"u","itemId":"i","type":"view"}"""));

    private static byte[] Compress(string coding, string text) => Compress(coding, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private static byte[] Zeros(string coding, long bytes) => Compress(coding, stream =>
    {
        byte[] zeros = new byte[1 << 20];
        Array.Fill(zeros, (byte)' ');
        for (long written = 0; written < bytes; written += zeros.Length) stream.Write(zeros);
    });

    private static byte[] Compress(string coding, Action<Stream> write)
    {
        using var memory = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(memory, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(memory, CompressionLevel.Optimal),
            _ => new BrotliStream(memory, CompressionLevel.Fastest),
        }) write(stream);
        return memory.ToArray();
    }

    /// <summary>Sent byte by byte, each in a packet of its own.</summary>
    private sealed class DripContent(byte[] bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            foreach (byte one in bytes)
            {
                await stream.WriteAsync(new[] { one });
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
