namespace Recommender.Retrieval.Lexical;

/// <summary>
/// Removes English endings by the rules of M. F. Porter, "An algorithm for suffix stripping" (1980). Words with other than the letters a
/// to z are kept.
/// </summary>
public static class PorterStemmer
{
    private static readonly (string Ending, string Replacement)[] s_step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"), ("alli", "al"),
        ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
        ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    private static readonly (string Ending, string Replacement)[] s_step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] s_step4 =
    [
        "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
        "al", "er", "ic", "ou",
    ];

    /// <param name="word">Lower case.</param>
    public static string Stem(string word)
    {
        if (word.Length < 3 || word.AsSpan().ContainsAnyExceptInRange('a', 'z')) return word;
        string stem = Step1(word);
        stem = Replaced(stem, s_step2);
        stem = Replaced(stem, s_step3);
        stem = Step4(stem);
        return Step5(stem);
    }

    private static string Step1(string word)
    {
        if (word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ies", StringComparison.Ordinal)) word = word[..^2];
        else if (word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal)) word = word[..^1];

        if (word.EndsWith("eed", StringComparison.Ordinal))
        {
            if (Measure(word.AsSpan(..^3)) > 0) word = word[..^1];
        }
        else if (word.EndsWith("ed", StringComparison.Ordinal) && HasVowel(word.AsSpan(..^2)))
        {
            word = Restored(word[..^2]);
        }
        else if (word.EndsWith("ing", StringComparison.Ordinal) && HasVowel(word.AsSpan(..^3)))
        {
            word = Restored(word[..^3]);
        }

        return word.EndsWith('y') && HasVowel(word.AsSpan(..^1)) ? word[..^1] + "i" : word;
    }

    /// <summary>What remains after <c>ed</c> or <c>ing</c>, with the final <c>e</c> or without the doubled letter.</summary>
    private static string Restored(string stem)
    {
        if (stem.EndsWith("at", StringComparison.Ordinal) || stem.EndsWith("bl", StringComparison.Ordinal)
            || stem.EndsWith("iz", StringComparison.Ordinal)) return stem + "e";
        if (EndsDoubled(stem) && stem[^1] is not ('l' or 's' or 'z')) return stem[..^1];
        return Measure(stem) == 1 && EndsShort(stem) ? stem + "e" : stem;
    }

    private static string Replaced(string word, (string Ending, string Replacement)[] rules)
    {
        foreach (var (ending, replacement) in rules)
        {
            if (!word.EndsWith(ending, StringComparison.Ordinal)) continue;
            return Measure(word.AsSpan(..^ending.Length)) > 0 ? word[..^ending.Length] + replacement : word;
        }

        return word;
    }

    private static string Step4(string word)
    {
        foreach (string ending in s_step4)
        {
            if (!word.EndsWith(ending, StringComparison.Ordinal)) continue;
            var stem = word.AsSpan(..^ending.Length);
            bool isAllowed = ending != "ion" || (stem.Length > 0 && stem[^1] is 's' or 't');
            return isAllowed && Measure(stem) > 1 ? stem.ToString() : word;
        }

        return word;
    }

    private static string Step5(string word)
    {
        if (word.EndsWith('e'))
        {
            var stem = word.AsSpan(..^1);
            int measure = Measure(stem);
            if (measure > 1 || (measure == 1 && !EndsShort(stem))) word = stem.ToString();
        }

        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word) > 1 ? word[..^1] : word;
    }

    /// <summary>Number of sequences of vowels that are followed by consonants.</summary>
    private static int Measure(ReadOnlySpan<char> word)
    {
        int measure = 0;
        for (int at = 1; at < word.Length; at++)
            if (!IsConsonantAt(word, at - 1) && IsConsonantAt(word, at)) measure++;
        return measure;
    }

    private static bool HasVowel(ReadOnlySpan<char> word)
    {
        for (int at = 0; at < word.Length; at++)
            if (!IsConsonantAt(word, at)) return true;
        return false;
    }

    private static bool EndsDoubled(ReadOnlySpan<char> word) =>
        word.Length > 1 && word[^1] == word[^2] && IsConsonantAt(word, word.Length - 1);

    /// <summary>Consonant, vowel, consonant other than w, x and y.</summary>
    private static bool EndsShort(ReadOnlySpan<char> word) =>
        word.Length > 2 && IsConsonantAt(word, word.Length - 3) && !IsConsonantAt(word, word.Length - 2)
        && IsConsonantAt(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y');

    private static bool IsConsonantAt(ReadOnlySpan<char> word, int at) => word[at] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => at == 0 || !IsConsonantAt(word, at - 1),
        _ => true,
    };
}
