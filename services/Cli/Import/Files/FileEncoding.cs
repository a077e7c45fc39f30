using System.Text;

namespace Recommender.Cli.Import.Files;

/// <summary>A character encoding that an import reads. Decoding throws on bytes that have no character.</summary>
internal sealed class FileEncoding
{
    public const string Help = "utf-8, utf-16, latin1, windows-1252, or another name that .NET knows, such as windows-1251 or shift_jis";

    public static readonly FileEncoding Utf8 = new("utf-8", new UTF8Encoding(false, true));
    public static readonly FileEncoding Utf16 = new("utf-16", new UnicodeEncoding(bigEndian: false, false, true));
    public static readonly FileEncoding Utf16BigEndian = new("utf-16be", new UnicodeEncoding(bigEndian: true, false, true));
    public static readonly FileEncoding Latin1 = new("latin1", Strict("iso-8859-1"));

    private FileEncoding(string name, Encoding encoding)
    {
        Name = name;
        Encoding = encoding;
    }

    public string Name { get; }

    public Encoding Encoding { get; }

    /// <summary>Null for a name that is not known.</summary>
    public static FileEncoding? Find(string name)
    {
        switch (name.ToLowerInvariant())
        {
            case "utf-8" or "utf8":
                return Utf8;
            case "utf-16" or "utf16" or "utf-16le" or "unicode":
                return Utf16;
            case "utf-16be" or "utf16be":
                return Utf16BigEndian;
            case "latin1" or "latin-1" or "iso-8859-1" or "iso8859-1":
                return Latin1;
            case "cp1252" or "win-1252":
                return Find("windows-1252");
        }

        try
        {
            // Only to look a name up: providers are asked in the order of their registration, and registering one again does nothing.
            Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
            return new FileEncoding(name.ToLowerInvariant(), Strict(name));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    public override string ToString() => Name;

    private static Encoding Strict(string name) =>
        Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
}
