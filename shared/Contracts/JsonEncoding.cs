namespace Recommender.Contracts;

/// <summary>Detects the encoding of a JSON or NDJSON text by its first bytes.</summary>
public static class JsonEncoding
{
    /// <summary>Number of first bytes that <see cref="MarkLength"/> and <see cref="ErrorOf"/> need. A shorter text is passed
    /// whole.</summary>
    public const int StartBytes = 3;

    /// <summary>Length in bytes of the UTF-8 byte order mark at the start of the text; 0 without one.</summary>
    public static int MarkLength(ReadOnlySpan<byte> text) => text.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? 3 : 0;

    /// <summary>
    /// The error for a text in UTF-16 or UTF-32, with or without a byte order mark; null for any other text. A JSON text in UTF-8 has no
    /// NUL among its first two bytes.
    /// </summary>
    public static string? ErrorOf(ReadOnlySpan<byte> text) =>
        text is [0xff, 0xfe, ..] or [0xfe, 0xff, ..] or [0, _, ..] or [_, 0, ..]
            ? "The body is in UTF-16 or UTF-32, as its first bytes show. Send it in UTF-8."
            : null;
}
