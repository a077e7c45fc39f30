namespace Recommender.Contracts;

/// <summary>The start of a JSON or NDJSON text: a UTF-8 byte order mark is skipped, another encoding is named.</summary>
public static class JsonEncoding
{
    /// <summary>Bytes that <see cref="MarkLength"/> and <see cref="ErrorOf"/> need to see, or all where a text is shorter.</summary>
    public const int StartBytes = 3;

    /// <summary>Length of a UTF-8 byte order mark at the start of the text; 0 where there is none.</summary>
    public static int MarkLength(ReadOnlySpan<byte> text) => text.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? 3 : 0;

    /// <summary>
    /// What is wrong with a text in UTF-16 or UTF-32, with or without a byte order mark; null for any other. No JSON text begins with a NUL
    /// or has one as its second byte.
    /// </summary>
    public static string? ErrorOf(ReadOnlySpan<byte> text) =>
        text is [0xff, 0xfe, ..] or [0xfe, 0xff, ..] or [0, _, ..] or [_, 0, ..]
            ? "The body is in UTF-16 or UTF-32, as its first bytes show. Send it in UTF-8."
            : null;
}
