using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recommender.Benchmarks.Harness;

/// <summary>Writes results to files named after verb, time and commit.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="wanted">The value of <c>--results</c>.</param>
    /// <returns>An existing folder; null for no file.</returns>
    public static string? CreateFolder(string? wanted)
    {
        if (wanted == "-") return null;
        string current = Directory.GetCurrentDirectory();
        return Directory.CreateDirectory(
            wanted ?? Path.Combine(SourceVersion.RootOf(current) ?? current, "artifacts", "benchmarks")).FullName;
    }

    /// <returns>The path of the file.</returns>
    public static async Task<string> WriteAsync(string folder, BenchmarkResult result, CancellationToken cancellation)
    {
        string time = result.DateUtc.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        string path = Path.Combine(folder, $"{result.Verb}-{time}{(result.Commit is { } commit ? "-" + commit[..8] : "")}.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(result, s_json) + "\n", cancellation);
        return path;
    }
}
