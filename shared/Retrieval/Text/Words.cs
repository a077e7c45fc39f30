using System.Text;

namespace Recommender.Retrieval.Text;

/// <summary>Splits text into words for lexical search.</summary>
public static class Words
{
    /// <summary>Longer words are cut, so that no word takes much memory.</summary>
    public const int MaxLength = 64;

    /// <summary>
    /// Runs of letters and digits in lower case without Latin accents. An apostrophe joins: <c>men's</c> becomes <c>mens</c>. Characters of
    /// Chinese and Japanese, which are written without spaces, become overlapping pairs.
    /// </summary>
    /// <param name="maxWords">Words from there on are left out.</param>
    public static List<string> Of(string text, int maxWords = int.MaxValue)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isPaired = false;
        foreach (char c in text)
        {
            if (words.Count >= maxWords) return words;
            if (c is '\'' or '\u2019' or (>= '\u0300' and <= '\u036F')) continue;
            if (!char.IsLetterOrDigit(c))
            {
                End();
                continue;
            }

            bool pairs = IsWrittenWithoutSpaces(c);
            if (pairs != isPaired) End();
            isPaired = pairs;
            if (pairs && word.Length == 2)
            {
                words.Add(word.ToString());
                word.Remove(0, 1);
            }

            if (word.Length < MaxLength) word.Append(LatinFolding.Fold(char.ToLowerInvariant(c)));
        }

        if (words.Count < maxWords) End();
        return words;

        void End()
        {
            if (word.Length > 0) words.Add(word.ToString());
            word.Clear();
        }
    }

    private static bool IsWrittenWithoutSpaces(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF');
}
