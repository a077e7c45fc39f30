using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recommender.Cli.Import.Files;
using Recommender.CommandLines;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

/// <summary>Every file is read whole and right, or refused.</summary>
public sealed class SourceFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Gzip_members_of_any_size_are_read_one_after_another()
    {
        var random = new Random(1);
        int[] sizes = [0, 1, 5, 0, 4096, 65_536, 100_000, 300_000, 0];
        byte[][] members = [.. sizes.Select(size => Enumerable.Range(0, size).Select(_ => (byte)random.Next('0', 'z')).ToArray())];
        byte[] packed = [.. members.SelectMany(Gzip.Pack)];
        Assert.Equal(members.SelectMany(m => m), Unpack(packed));
        Assert.Equal(members.SelectMany(m => m), Unpack([.. packed, .. new byte[700]]));
    }

    [Fact]
    public void Gzip_headers_may_hold_a_name_a_comment_and_more()
    {
        byte[] plain = Gzip.Pack("content");
        byte[] header = [0x1f, 0x8b, 8, 4 + 8 + 16 + 2, 0, 0, 0, 0, 0, 3, 2, 0, 7, 7, .. "name\0"u8, .. "comment\0"u8, 1, 2];
        Assert.Equal("content"u8.ToArray(), Unpack([.. header, .. plain[10..]]));
    }

    [Fact]
    public void Gzip_cut_anywhere_is_an_error()
    {
        byte[] packed = Gzip.Pack(string.Concat(Enumerable.Range(0, 60).Select(i => $"u{i * 7919 % 1000},i{i}\n")));
        for (int length = 3; length < packed.Length; length++)
        {
            var error = Assert.Throws<CommandException>(() => Unpack(packed[..length]));
            Assert.Contains("is truncated or damaged", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Gzip_changed_in_any_byte_is_an_error_unless_the_content_stays_the_same()
    {
        string content = string.Concat(Enumerable.Range(0, 60).Select(i => $"u{i * 7919 % 1000},i{i}\n"));
        byte[] packed = Gzip.Pack(content);
        int refused = 0;
        for (int i = 10; i < packed.Length; i++)
        {
            byte[] changed = [.. packed];
            changed[i] ^= 0x10;
            try
            {
                Assert.Equal(Encoding.UTF8.GetBytes(content), Unpack(changed));
            }
            catch (CommandException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, packed.Length - 20, packed.Length - 10);
    }

    [Fact]
    public void Valid_utf8_is_told_as_the_decoder_tells_it_however_it_is_cut() => Prop.ForAll<byte[], int>((bytes, size) =>
    {
        // Bytes of characters come often enough to make valid sequences.
        byte[] content = [.. bytes.SelectMany(b => b % 3 == 0 ? Encoding.UTF8.GetBytes("é€😀\r\n") : [b])];
        var check = new Utf8Check();
        int step = Math.Abs(size % 7) + 1;
        bool isValid = true;
        foreach (byte[] part in content.Chunk(step)) isValid = isValid && check.Add(part);
        isValid = isValid && check.End();
        Assert.Equal(System.Text.Unicode.Utf8.IsValid(content), isValid);
        if (isValid)
        {
            string text = Encoding.UTF8.GetString(content).Replace("\r\n", "\n", StringComparison.Ordinal);
            Assert.Equal(text.Count(c => c is '\r' or '\n') + 1, check.Line);
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16be")]
    public void A_byte_order_mark_names_the_encoding(string name)
    {
        var encoding = FileEncoding.Find(name)!.Encoding;
        byte[] bytes = encoding.GetBytes("\uFEFFkäse\nlö€😀");
        Assert.Equal("käse\nlö€😀", Text(bytes));
        Assert.Equal("käse\nlö€😀", Text(bytes, name));
        Assert.Equal("käse\nlö€😀", Text(Gzip.Pack(bytes)));
        Assert.Contains("byte order mark", Refusal(bytes, "latin1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("windows-1252", "né €")]
    [InlineData("latin1", "né")]
    [InlineData("utf-16", "né €😀")]
    [InlineData("utf-8", "né €😀")]
    [InlineData("windows-1251", "Лампа")]
    [InlineData("shift_jis", "ランプ")]
    public void Named_encodings_are_read(string name, string text) =>
        Assert.Equal(text, Text(FileEncoding.Find(name)!.Encoding.GetBytes(text), name));

    [Theory]
    [InlineData(null, new byte[] { 0x61, 0x0A, 0x62, 0xE9, 0x0A }, "line 2: the byte 0xE9 is not valid utf-8")]
    [InlineData(null, new byte[] { 0x61, 0x0D, 0x0A, 0x0A, 0xC3 }, "line 3: the byte 0xC3 is not valid utf-8")]
    [InlineData(null, new byte[] { 0x61, 0xED, 0xA0, 0x80 }, "0xED is not valid utf-8")]
    [InlineData(null, new byte[] { 0x61, 0x00, 0x0A, 0x00 }, "--encoding utf-16")]
    [InlineData("utf-8", new byte[] { 0x61, 0xFF }, "0xFF is not valid utf-8")]
    [InlineData("latin1", new byte[] { 0x61, 0x0A, 0x80 }, "line 2: the byte 0x80 has no character in latin1. It is probably windows-1252")]
    [InlineData("windows-1252", new byte[] { 0x61, 0x0A, 0x0A, 0x81 }, "line 3: the byte 0x81 has no character in windows-1252")]
    [InlineData("utf-16", new byte[] { 0x61, 0x00, 0x00, 0xD8, 0x61, 0x00 }, "not valid utf-16")]
    [InlineData("utf-16", new byte[] { 0x61, 0x00, 0x62 }, "not valid utf-16")]
    [InlineData(null, new byte[] { 0xFF, 0xFE, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00 }, "UTF-32")]
    [InlineData(null, new byte[] { 0x50, 0x4B, 0x03, 0x04, 0x14 }, "ZIP archive or a workbook")]
    [InlineData(null, new byte[] { 0x28, 0xB5, 0x2F, 0xFD }, "zstd")]
    [InlineData(null, new byte[] { 0x50, 0x41, 0x52, 0x31 }, "Parquet")]
    public void Bytes_without_a_certain_reading_are_refused(string? encoding, byte[] bytes, string expected)
    {
        Assert.Contains(expected, Refusal(bytes, encoding), StringComparison.Ordinal);
        Assert.Contains(expected, Refusal(Gzip.Pack(bytes), encoding), StringComparison.Ordinal);
    }

    [Fact]
    public void Archives_inside_gzip_are_refused()
    {
        byte[] tar = new byte[512];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Contains("tar archive", Refusal(Gzip.Pack(tar)), StringComparison.Ordinal);
        Assert.Contains("gzip inside gzip", Refusal(Gzip.Pack(Gzip.Pack("text"))), StringComparison.Ordinal);
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var content = new GzipContent(new MemoryStream(packed), "file.gz");
        using var unpacked = new MemoryStream();
        content.CopyTo(unpacked, 777);
        return unpacked.ToArray();
    }

    private string Text(byte[] bytes, string? encoding = null)
    {
        File.WriteAllBytes(_folder.File("file"), bytes);
        var file = Assert.Single(SourceFile.Resolve([_folder.File("file")], encoding is null ? null : FileEncoding.Find(encoding)));
        using var reader = new StreamReader(file.Open(), new UTF8Encoding(false, true), false, bufferSize: 16);
        return reader.ReadToEnd();
    }

    private string Refusal(byte[] bytes, string? encoding = null) => Assert.Throws<CommandException>(() => Text(bytes, encoding)).Message;
}
