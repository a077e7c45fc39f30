using System.Collections.Frozen;

namespace Recommender.Retrieval.Lexical;

/// <summary>English words that are too common to find an item by.</summary>
internal static class StopWords
{
    private static readonly FrozenSet<string> s_words = (
        "a about after all also an and any are as at be been but by can could did do does for from had has have he her his how i if in "
        + "into is it its may more most must no not of on one or other our out over so some such than that the their them then there these "
        + "they this those to under up upon was we were what when where which while who why will with would you your").Split(' ')
        .ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string word) => s_words.Contains(word);
}
