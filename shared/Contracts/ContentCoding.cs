using System.IO.Compression;

namespace Recommender.Contracts;

/// <summary>The content codings (RFC 9110, 8.4) of request bodies and messages: gzip, deflate (zlib, RFC 1950) and br.</summary>
public static class ContentCoding
{
    /// <summary>The supported codings, as a value of the header <c>Accept-Encoding</c>.</summary>
    public const string Accepted = "gzip, deflate, br";

    /// <summary>Whether a value of <c>Content-Encoding</c> means no coding.</summary>
    public static bool IsIdentity(string? coding) => string.IsNullOrWhiteSpace(coding) || IsNamed(coding, "identity");

    /// <summary>A stream that decodes <paramref name="encoded"/>; null for an unsupported coding and for several codings.</summary>
    public static DecodingStream? Open(string coding, Stream encoded)
    {
        var source = new CountingStream(encoded);
        if (IsNamed(coding, "gzip") || IsNamed(coding, "x-gzip"))
            return new DecodingStream("gzip", source, new GZipStream(source, CompressionMode.Decompress));
        if (IsNamed(coding, "deflate")) return new DecodingStream("deflate", source, new ZLibStream(source, CompressionMode.Decompress));
        return IsNamed(coding, "br") ? new DecodingStream("br", source, new BrotliStream(source, CompressionMode.Decompress)) : null;
    }

    /// <summary>
    /// Decodes a whole message of at most <paramref name="maxBytes"/> decoded bytes.
    /// </summary>
    /// <returns>
    /// The content; the error, or null; and whether the message may contain more than the content. After an error the content is the part
    /// decoded before it.
    /// </returns>
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
