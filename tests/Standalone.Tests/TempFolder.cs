using System.IO.Compression;

namespace Recommender.Standalone.Tests;

/// <summary>A folder that goes away with the test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("recommender-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    public string WriteGzip(string name, string content)
    {
        using var gzip = new GZipStream(System.IO.File.Create(File(name)), CompressionLevel.Fastest);
        gzip.Write(System.Text.Encoding.UTF8.GetBytes(content));
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
