using System.Text;

namespace Recommender.Factorization.Content;

/// <summary>Words of a text and character 3- to 5-grams of the words, as 64-bit hashes of their names.</summary>
public static class Subwords
{
    private const int ShortestGram = 3, LongestGram = 5;

    /// <summary>Adds the hashes of a text's words and n-grams. A word's n-grams include its ends, marked <c>&lt;</c> and
    /// <c>&gt;</c>.</summary>
    public static void Add(string text, ISet<ulong> words, ISet<ulong> grams)
    {
        foreach (string word in Words(text))
        {
            words.Add(Hash("w:", word));
            string marked = $"<{word}>";
            for (int n = ShortestGram; n <= LongestGram; n++)
                for (int at = 0; at + n <= marked.Length; at++) grams.Add(Hash("g:", marked.AsSpan(at, n)));
        }
    }

    /// <summary>FNV-1a, 64 bits, over UTF-16 code units.</summary>
    /// <param name="kind">Distinguishes features of different kinds with the same text.</param>
    internal static ulong Hash(string kind, ReadOnlySpan<char> text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in kind) hash = (hash ^ c) * 1099511628211;
        foreach (char c in text) hash = (hash ^ c) * 1099511628211;
        return hash;
    }

    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        // Surrogates separate words. Callers may send unpaired ones, which cannot be normalized.
        foreach (char c in string.Concat(text.Select(c => char.IsSurrogate(c) ? ' ' : c)).Normalize().ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(c)) word.Append(c);
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        if (word.Length > 0) yield return word.ToString();
    }
}
