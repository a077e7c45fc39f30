using System.IO.Compression;

namespace Recommender.Contracts;

/// <summary>The content codings (RFC 9110, 8.4) that request bodies and messages may have: gzip, deflate (zlib, RFC 1950) and br.</summary>
public static class ContentCoding
{
    /// <summary>The codings that are read, as the header <c>Accept-Encoding</c> lists them.</summary>
    public const string Accepted = "gzip, deflate, br";

    /// <summary>True for the value of a <c>Content-Encoding</c> that leaves the content as it is.</summary>
    public static bool IsIdentity(string? coding) => string.IsNullOrWhiteSpace(coding) || IsNamed(coding, "identity");

    /// <summary>A stream of what <paramref name="encoded"/> decodes to; null for a coding that is not read, and for several.</summary>
    public static DecodingStream? Open(string coding, Stream encoded)
    {
        var source = new CountingStream(encoded);
        if (IsNamed(coding, "gzip") || IsNamed(coding, "x-gzip"))
            return new DecodingStream("gzip", source, new GZipStream(source, CompressionMode.Decompress));
        if (IsNamed(coding, "deflate")) return new DecodingStream("deflate", source, new ZLibStream(source, CompressionMode.Decompress));
        return IsNamed(coding, "br") ? new DecodingStream("br", source, new BrotliStream(source, CompressionMode.Decompress)) : null;
    }

    /// <summary>
    /// Decodes a whole message. The error says what is wrong where that fails or gives more than <paramref name="maxBytes"/> bytes; the
    /// content is then what could be decoded. <c>HoldsMore</c> is true if there is more in the message than this.
    /// </summary>
    public static (ReadOnlyMemory<byte> Content, string? Error, bool HoldsMore) Decode(
        string coding, ReadOnlyMemory<byte> encoded, int maxBytes)
    {
        if (IsIdentity(coding)) return (encoded, null, false);
        using var source = new MemoryStream(encoded.ToArray(), writable: false);
        using var decoder = Open(coding, source);
        if (decoder is null) return (default, $"The content encoding '{coding}' is not read; {Accepted} are, one at a time.", true);
        using var content = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = decoder.Read(buffer)) > 0)
            {
                if (content.Length + read > maxBytes) return (Content(), $"The {coding} body expands to more than {maxBytes} bytes.", true);
                content.Write(buffer, 0, read);
            }
        }
        catch (ContentCodingException e)
        {
            return (Content(), e.Message, e.IsTooLarge);
        }

        return (Content(), null, false);

        ReadOnlyMemory<byte> Content() => content.GetBuffer().AsMemory(0, (int)content.Length);
    }

    private static bool IsNamed(string coding, string name) => coding.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase);
}
