using System.Globalization;

namespace Recommender.Benchmarks.Content;

/// <summary>Two sentences and how similar people find them.</summary>
internal sealed record SentencePair(string Language, string First, string Second, double Score)
{
    /// <summary>Reads <c>pairs.tsv[.gz]</c>.</summary>
    public static IReadOnlyList<SentencePair> Read(string folder) =>
        [.. TsvFile.Read(folder, "pairs.tsv", "lang", "sentence1", "sentence2", "score")
            .Select(row => new SentencePair(row[0], row[1], row[2], double.Parse(row[3], CultureInfo.InvariantCulture)))];

    /// <summary>Pairs of generated sentences that share a growing number of words.</summary>
    public static IReadOnlyList<SentencePair> GenerateTiny()
    {
        string[] words = ["red", "mug", "garden", "lamp", "lunch", "box", "baby", "gift", "wooden", "star"];
        return [.. Enumerable.Range(0, 40).Select(n => new SentencePair("en",
            string.Join(' ', Enumerable.Range(0, 5).Select(w => words[(n + w) % 10])),
            string.Join(' ', Enumerable.Range(0, 5).Select(w => words[(n + w + (n % 5)) % 10])), 5 - (n % 5)))];
    }
}
