using System.Buffers;
using System.Runtime.InteropServices;
using Recommender.Retrieval.Text;

namespace Recommender.Retrieval.Lexical;

/// <summary>
/// Finds items by the words of their texts: BM25 (Robertson et al. 1994) over stems, with words that the last word of a query begins, and
/// with words one edit away from a word that no item has.
/// </summary>
/// <remarks>
/// <para>
/// Why this is no library: Lucene.NET numbers documents by segment and renumbers them when it merges, while filters, factors and vectors
/// go by numbers of items that stay; a change is found only after a reader is opened again; and the only version served is a
/// beta. Catalogues are short texts in memory, for which this index is small.
/// </para>
/// <para>One writer or any number of readers at a time: calls wait for each other, a change for microseconds.</para>
/// </remarks>
public sealed class LexicalIndex : IDisposable
{
    /// <summary>Words of a query that are searched; the rest is left out.</summary>
    public const int MaxQueryWords = 64;

    /// <summary>Words of an item that are indexed; the rest is left out.</summary>
    public const int MaxItemWords = 4096;

    /// <summary>Saturation of repeated words and correction for long texts; the usual values.</summary>
    private const float K1 = 1.2f, B = .75f;

    /// <summary>Words that a prefix or a typo may stand for.</summary>
    private const int MaxCompletions = 32, MaxCorrections = 8;

    /// <summary>What an item with a completed word is worth compared with one that has the word itself.</summary>
    private const float CompletionWeight = .6f;

    private readonly ReaderWriterLockSlim _access = new();
    private readonly WordList _words = new();
    private readonly Dictionary<string, PostingList> _postings = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Document> _documents = [];
    private float[] _lengths = [];
    private double _totalLength;
    private int _positions;

    /// <summary>Number of items.</summary>
    public int Count => Read(() => _documents.Count);

    /// <summary>Number of different words.</summary>
    public int WordCount => Read(() => _words.Count);

    /// <summary>Adds an item or replaces its texts. An item without words is removed.</summary>
    /// <param name="position">At least 0; positions should be dense.</param>
    public void Put(int position, ReadOnlySpan<LexicalField> fields)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        var words = new Dictionary<string, float>(StringComparer.Ordinal);
        float length = 0;
        foreach (var field in fields)
        {
            foreach (string word in Words.Of(field.Text, MaxItemWords))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(words, word, out _) += field.Weight;
                length += field.Weight;
            }
        }

        _access.EnterWriteLock();
        try
        {
            RemoveDocument(position);
            if (words.Count > 0) AddDocument(position, words, length);
        }
        finally
        {
            _access.ExitWriteLock();
        }
    }

    /// <summary>Removes an item. Searches that start after the call do not find it.</summary>
    public void Remove(int position)
    {
        _access.EnterWriteLock();
        try
        {
            RemoveDocument(position);
        }
        finally
        {
            _access.ExitWriteLock();
        }
    }

    /// <summary>Items with words of the query, best first; among equal scores the lower position.</summary>
    /// <param name="count">Maximum number of items.</param>
    /// <param name="accepts">Items that may be found; null: all. Called once for each item with a word of the query.</param>
    /// <param name="completesLast">Whether the last word may be the beginning of a word, as while typing.</param>
    public LexicalResult Search(string query, int count, Func<int, bool>? accepts = null, bool completesLast = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Read(() =>
        {
            var parts = Understand(query, completesLast);
            float[] scores = ArrayPool<float>.Shared.Rent(Math.Max(1, _positions));
            float[] part = ArrayPool<float>.Shared.Rent(Math.Max(1, _positions));
            try
            {
                var found = Score(parts, scores.AsSpan(0, _positions), part.AsSpan(0, _positions));
                if (accepts is not null) found.RemoveAll(position => !accepts(position));
                var best = new ScoredItem[Math.Min(count, found.Count)];
                var top = new TopK(best);
                foreach (int position in found) top.Add(position, scores[position]);
                top.Finish();
                return new LexicalResult(best, [.. parts.Select(p => p.Match)], found);
            }
            finally
            {
                ArrayPool<float>.Shared.Return(scores);
                ArrayPool<float>.Shared.Return(part);
            }
        });
    }

    /// <summary>
    /// Queries that continue what was typed so far: the last word completed to words of items that also have the other words, most items
    /// first. Empty after a space, because no word was begun.
    /// </summary>
    public IReadOnlyList<string> Suggest(string typed, int count)
    {
        if (typed.Length == 0 || !char.IsLetterOrDigit(typed[^1])) return [];
        return Read(() =>
        {
            var words = Words.Of(typed, MaxQueryWords);
            if (words.Count == 0) return [];
            string begun = words[^1];
            var others = words[..^1].Select(word => PostingsOf(_words.Find(word)?.Stem ?? PorterStemmer.Stem(word))).ToArray();
            var counted = new List<(string Word, int Items)>();
            if (_words.Find(begun) is { } itself) counted.Add((begun, CountWithAll(itself, others)));
            foreach (var word in _words.StartingWith(begun, 4 * MaxCompletions))
                counted.Add((word.Text, CountWithAll(word, others)));
            string start = string.Concat(words[..^1].Select(word => word + " "));
            return (IReadOnlyList<string>)[.. counted.Where(c => c.Items > 0).OrderByDescending(c => c.Items)
                .ThenBy(c => c.Word, StringComparer.Ordinal).Take(count).Select(c => start + c.Word)];
        });
    }

    public void Dispose() => _access.Dispose();

    private T Read<T>(Func<T> read)
    {
        _access.EnterReadLock();
        try
        {
            return read();
        }
        finally
        {
            _access.ExitReadLock();
        }
    }

    private void AddDocument(int position, Dictionary<string, float> words, float length)
    {
        if (position >= _lengths.Length) Array.Resize(ref _lengths, Math.Max(position + 1, _lengths.Length * 2));
        _positions = Math.Max(_positions, position + 1);
        var document = new Document([.. words.Keys.Select(_words.Add)]);
        foreach (var terms in words.Zip(document.Words).GroupBy(pair => pair.Second.Stem, pair => pair.First.Value))
        {
            if (!_postings.TryGetValue(terms.Key, out var postings)) _postings.Add(terms.Key, postings = new PostingList());
            postings.Add(position, terms.Sum());
        }

        _lengths[position] = length;
        _totalLength += length;
        _documents.Add(position, document);
    }

    private void RemoveDocument(int position)
    {
        if (!_documents.Remove(position, out var document)) return;
        foreach (string stem in document.Words.Select(word => word.Stem).Distinct(StringComparer.Ordinal))
        {
            var postings = _postings[stem];
            postings.Remove(position);
            if (postings.Count == 0) _postings.Remove(stem);
        }

        foreach (var word in document.Words) _words.Remove(word);
        _totalLength -= _lengths[position];
        _lengths[position] = 0;
    }

    /// <summary>The words of the query with the terms that they stand for. Stop words are left out unless there is nothing else.</summary>
    private List<Part> Understand(string query, bool completesLast)
    {
        var words = Words.Of(query, MaxQueryWords);
        var sought = words.Where(word => !StopWords.Contains(word)).ToList();
        if (sought.Count == 0) sought = words;
        // A word that is followed by anything is complete.
        bool isBegun = completesLast && query.Length > 0 && char.IsLetterOrDigit(query[^1]);
        return [.. sought.Distinct(StringComparer.Ordinal).Select(word => UnderstandWord(word, isBegun && word == words[^1]))];
    }

    private Part UnderstandWord(string word, bool isBegun)
    {
        var exact = _words.Find(word);
        string stem = exact?.Stem ?? PorterStemmer.Stem(word);
        bool isKnown = _postings.ContainsKey(stem);
        List<(string Stem, float Weight)> terms = isKnown ? [(stem, 1)] : [];
        List<string> names = isKnown ? [word] : [];
        var kind = isKnown ? LexicalMatchKind.Exact : LexicalMatchKind.None;
        if (isBegun)
        {
            foreach (var longer in _words.StartingWith(word, MaxCompletions))
            {
                if (terms.Exists(term => term.Stem == longer.Stem)) continue;
                terms.Add((longer.Stem, isKnown ? CompletionWeight / 2 : CompletionWeight));
                names.Add(longer.Text);
                if (kind == LexicalMatchKind.None) kind = LexicalMatchKind.Prefix;
            }
        }

        if (terms.Count > 0) return new(new(word, names, kind), terms);
        foreach (var near in _words.Near(word, MaxCorrections))
        {
            if (terms.Exists(term => term.Stem == near.Stem)) continue;
            // The word meant is more likely the one of more items (a noisy channel with equal odds of every edit).
            terms.Add((near.Stem, MathF.Pow(2, -terms.Count)));
            names.Add(near.Text);
        }

        return new(new(word, names, terms.Count > 0 ? LexicalMatchKind.Typo : LexicalMatchKind.None), terms);
    }

    /// <summary>Adds up the words' scores by position. A word counts once per item, by the best of its terms.</summary>
    /// <returns>The positions with a score.</returns>
    private List<int> Score(List<Part> parts, Span<float> scores, Span<float> part)
    {
        var found = new List<int>();
        var touched = new List<int>();
        scores.Clear();
        part.Clear();
        float mean = (float)(_totalLength / Math.Max(1, _documents.Count));
        foreach (var (_, terms) in parts)
        {
            touched.Clear();
            foreach (var (stem, weight) in terms)
            {
                var postings = _postings[stem];
                float idf = weight * MathF.Log(1 + ((_documents.Count - postings.Count + .5f) / (postings.Count + .5f)));
                var positions = postings.Positions;
                var frequencies = postings.Frequencies;
                for (int at = 0; at < positions.Length; at++)
                {
                    int position = positions[at];
                    float frequency = frequencies[at];
                    float score = idf * frequency * (K1 + 1) / (frequency + (K1 * (1 - B + (B * _lengths[position] / mean))));
                    ref float best = ref part[position];
                    if (best == 0) touched.Add(position);
                    if (score > best) best = score;
                }
            }

            foreach (int position in touched)
            {
                if (scores[position] == 0) found.Add(position);
                scores[position] += part[position];
                part[position] = 0;
            }
        }

        return found;
    }

    private PostingList? PostingsOf(string stem) => _postings.GetValueOrDefault(stem);

    private int CountWithAll(WordList.Word word, PostingList?[] others)
    {
        int count = 0;
        foreach (int position in _postings[word.Stem].Positions)
            if (Array.TrueForAll(others, other => other is not null && other.Positions.BinarySearch(position) >= 0)) count++;
        return count;
    }

    /// <summary>A word of a query, and the stems that it stands for with their weights.</summary>
    private readonly record struct Part(LexicalMatch Match, List<(string Stem, float Weight)> Terms);

    private sealed record Document(WordList.Word[] Words);
}
