namespace Recommender.Cli.Import;

/// <summary>Rules for text that comes from files.</summary>
internal static class ImportText
{
    /// <summary>
    /// What decoders put in place of bytes they cannot read. In a file it means that another program damaged the text, so that two ids may
    /// look alike.
    /// </summary>
    public const char Replacement = '\uFFFD';

    public static bool IsDamaged(string? text) => text is not null && text.Contains(Replacement, StringComparison.Ordinal);
}
