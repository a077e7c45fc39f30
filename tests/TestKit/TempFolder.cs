using System.IO.Compression;
using System.Text;

namespace Recommender.TestKit;

/// <summary>An empty folder that goes with the object.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("recommender-test-").FullName;

    /// <summary>The path of a file in the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    /// <inheritdoc cref="Write"/>
    public string WriteGzip(string name, string content)
    {
        using var gzip = new GZipStream(System.IO.File.Create(File(name)), CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes(content));
        return File(name);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
