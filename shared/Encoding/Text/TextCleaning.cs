using System.Text;
using Recommender.Retrieval.Text;

namespace Recommender.Encoders.Text;

/// <summary>Makes any text safe to tokenize.</summary>
public static class TextCleaning
{
    /// <summary>
    /// At most <paramref name="maxCharacters"/> UTF-16 code units of the text. Control characters, unpaired surrogates and invisible
    /// direction marks become spaces; surrounding white space is removed; accents are removed from Latin letters.
    /// </summary>
    public static string Clean(string text, int maxCharacters)
    {
        var cut = text.AsSpan(0, Math.Min(text.Length, maxCharacters));
        if (IsClean(cut)) return cut.Trim().ToString();
        var cleaned = new StringBuilder(cut.Length);
        for (int at = 0; at < cut.Length; at++)
        {
            char c = cut[at];
            if (char.IsHighSurrogate(c) && at + 1 < cut.Length && char.IsLowSurrogate(cut[at + 1])) cleaned.Append(c).Append(cut[++at]);
            else if (char.IsSurrogate(c) || char.IsControl(c) || IsDirectionMark(c)) cleaned.Append(' ');
            else LatinFolding.Append([c], cleaned);
        }

        return cleaned.ToString().Trim();
    }

    private static bool IsClean(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    private static bool IsDirectionMark(char c) =>
        c is '\u200E' or '\u200F' or '\uFEFF' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
