namespace Recommender.Retrieval.Lexical;

/// <summary>
/// The words of all items: by themselves, by their beginning, and by what remains without one letter (Garbe's symmetric deletes, which find
/// words within one edit by a few look-ups).
/// </summary>
internal sealed class WordList
{
    /// <summary>Shorter words have too many others within one edit.</summary>
    public const int ShortestCorrected = 4;

    private readonly Dictionary<string, Word> _words = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _sorted = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Word[]> _shortened = [];

    public int Count => _words.Count;

    public Word? Find(string word) => _words.GetValueOrDefault(word);

    /// <summary>Counts one more item with a word.</summary>
    public Word Add(string text)
    {
        if (!_words.TryGetValue(text, out var word))
        {
            word = new Word(text, PorterStemmer.Stem(text));
            _words.Add(text, word);
            _sorted.Add(text);
            if (text.Length >= ShortestCorrected - 1)
            {
                foreach (int key in KeysOf(text))
                    _shortened[key] = _shortened.TryGetValue(key, out var others) ? [.. others, word] : [word];
            }
        }

        word.Items++;
        return word;
    }

    /// <summary>Counts one item less with a word; the last one removes it.</summary>
    public void Remove(Word word)
    {
        if (--word.Items > 0) return;
        _words.Remove(word.Text);
        _sorted.Remove(word.Text);
        if (word.Text.Length < ShortestCorrected - 1) return;
        foreach (int key in KeysOf(word.Text))
        {
            Word[] others = [.. _shortened[key].Where(other => other != word)];
            if (others.Length == 0) _shortened.Remove(key);
            else _shortened[key] = others;
        }
    }

    /// <summary>Words that begin with <paramref name="prefix"/> and are longer, those of most items first.</summary>
    public Word[] StartingWith(string prefix, int count) =>
        [.. _sorted.GetViewBetween(prefix, prefix + '\uFFFF').Where(text => text.Length > prefix.Length).Select(text => _words[text])
            .OrderByDescending(word => word.Items).ThenBy(word => word.Text, StringComparer.Ordinal).Take(count)];

    /// <summary>Words with one letter more, less, other, or swapped with its neighbour; those of most items first.</summary>
    public Word[] Near(string text, int count)
    {
        if (text.Length < ShortestCorrected) return [];
        var found = new HashSet<Word>();
        foreach (int key in KeysOf(text))
        {
            if (!_shortened.TryGetValue(key, out var words)) continue;
            foreach (var word in words)
                if (IsOneEdit(text, word.Text)) found.Add(word);
        }

        return [.. found.OrderByDescending(word => word.Items).ThenBy(word => word.Text, StringComparer.Ordinal).Take(count)];
    }

    /// <summary>Whether the words differ by one insertion, deletion, substitution or swap of neighbours.</summary>
    public static bool IsOneEdit(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (Math.Abs(a.Length - b.Length) > 1) return false;
        int start = a.CommonPrefixLength(b), end = 0;
        while (end < Math.Min(a.Length, b.Length) - start && a[^(end + 1)] == b[^(end + 1)]) end++;
        var restA = a[start..^end];
        var restB = b[start..^end];
        if (restA.Length <= 1 && restB.Length <= 1) return restA.Length + restB.Length > 0;
        return restA.Length == 2 && restB.Length == 2 && restA[0] == restB[1] && restA[1] == restB[0];
    }

    /// <summary>Hashes of the word and of the word without each of its letters, each once.</summary>
    private static HashSet<int> KeysOf(string text)
    {
        var keys = new HashSet<int> { Hash(text, -1) };
        for (int without = 0; without < text.Length; without++) keys.Add(Hash(text, without));
        return keys;
    }

    private static int Hash(string text, int without)
    {
        uint hash = 2166136261;
        for (int at = 0; at < text.Length; at++)
            if (at != without) hash = (hash ^ text[at]) * 16777619;
        return (int)hash;
    }

    /// <summary>A word of items.</summary>
    public sealed class Word(string text, string stem)
    {
        public string Text => text;

        public string Stem => stem;

        /// <summary>Number of items that have it.</summary>
        public int Items { get; set; }
    }
}
