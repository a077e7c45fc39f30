using System.IO.Compression;

namespace Recommender.Benchmarks.Content;

/// <summary>Reads tab-separated files with a header line, plain or gzip.</summary>
internal static class TsvFile
{
    /// <summary>The columns of each line, in the order of <paramref name="columns"/>.</summary>
    /// <exception cref="FileNotFoundException">The folder has no such file.</exception>
    /// <exception cref="InvalidDataException">A column is missing.</exception>
    public static IEnumerable<string[]> Read(string folder, string name, params string[] columns)
    {
        string? path = new[] { name, name + ".gz" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);
        if (path is null) throw new FileNotFoundException($"{folder} has no {name} or {name}.gz.");
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(
            path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        string[] header = (reader.ReadLine() ?? "").Split('\t');
        int[] places = [.. columns.Select(column => Array.IndexOf(header, column))];
        if (Array.IndexOf(places, -1) is >= 0 and int missing)
            throw new InvalidDataException($"{path} has no column '{columns[missing]}'.");
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            yield return [.. places.Select(place => fields[place])];
        }
    }
}
