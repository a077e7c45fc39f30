namespace Recommender.Cli.Import.Files;

/// <summary>Tells files that hold no text by their first bytes.</summary>
internal static class ForeignFormat
{
    /// <summary>Bytes that <see cref="Find"/> needs to see.</summary>
    public const int ProbeBytes = 512;

    private const int TarMagicAt = 257;

    /// <summary>What the content is and what to do, or null for content that may be text.</summary>
    public static string? Find(ReadOnlySpan<byte> start) => start switch
    {
        [0x50, 0x4B, 0x03, 0x04, ..] or [0x50, 0x4B, 0x05, 0x06, ..]
            => "is a ZIP archive or a workbook. Unpack it, or save the sheet as CSV.",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "is an old Excel workbook. Save the sheet as CSV.",
        [0x42, 0x5A, 0x68, >= 0x31 and <= 0x39, 0x31, 0x41, 0x59, ..] => "is packed by bzip2. Unpack it, or pack it by gzip.",
        [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, ..] => "is packed by xz. Unpack it, or pack it by gzip.",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "is packed by zstd. Unpack it, or pack it by gzip.",
        [0x50, 0x41, 0x52, 0x31, ..] => "is a Parquet file. Export it as CSV.",
        [0x1F, 0x8B, ..] => "is gzip inside gzip. Unpack it once.",
        [0xFF, 0xFE, 0x00, 0x00, ..] or [0x00, 0x00, 0xFE, 0xFF, ..] => "is UTF-32 text. Convert it to UTF-8.",
        _ when start.Length > TarMagicAt + 5 && start[TarMagicAt..].StartsWith("ustar"u8)
            => "is a tar archive. Unpack it and name the files in it.",
        _ => null,
    };
}
