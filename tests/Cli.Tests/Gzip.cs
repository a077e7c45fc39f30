using System.IO.Compression;
using System.Text;

namespace Recommender.Cli.Tests;

/// <summary>Gzip files for tests.</summary>
internal static class Gzip
{
    /// <summary>One member per text.</summary>
    public static byte[] Pack(params string[] members) => [.. members.SelectMany(m => Pack(Encoding.UTF8.GetBytes(m)))];

    public static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(content);

        // GZipStream writes nothing for no content.
        return packed.Length > 0 ? packed.ToArray() : [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    /// <summary>What an interrupted program leaves: all of the content can be unpacked, but the end of the data is missing.</summary>
    public static byte[] PackWithoutEnd(string content)
    {
        using var packed = new MemoryStream();
        using var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true);
        gzip.Write(Encoding.UTF8.GetBytes(content));
        gzip.Flush();
        return packed.ToArray();
    }
}
