using Recommender.Retrieval.Lexical;
using Recommender.Retrieval.Text;
using Xunit;

namespace Recommender.Retrieval.Tests.Lexical;

public sealed class LexicalIndexTests : IDisposable
{
    private static readonly string[] s_titles =
    [
        "RED CHRISTMAS MUG", "BLUE MUG", "LUNCH BOX WITH CUTLERY", "STRAWBERRY LUNCH BAG", "GARDEN LAMP", "CAFÉ CRÈME POSTER",
        "WHITE HANGING HEART T-LIGHT HOLDER", "CHRISTMAS TREE DECORATIONS", "日本のお茶", "Красная шапка",
    ];

    private readonly LexicalIndex _index = new();

    public LexicalIndexTests()
    {
        for (int position = 0; position < s_titles.Length; position++) Put(position, s_titles[position]);
    }

    public void Dispose() => _index.Dispose();

    [Theory]
    [InlineData("mug", new[] { 0, 1 })]
    [InlineData("mugs", new[] { 0, 1 })]
    [InlineData("red mug ", new[] { 0, 1 })]
    [InlineData("decorated christmas tree ", new[] { 7, 0 })]
    [InlineData("decoration ", new[] { 7 })]
    [InlineData("cafe creme", new[] { 5 })]
    [InlineData("t-light", new[] { 6 })]
    [InlineData("the lamp for a garden ", new[] { 4 })]
    [InlineData("strawb", new[] { 3 })]
    [InlineData("christmsa ", new[] { 0, 7 })]
    [InlineData("gardn ", new[] { 4 })]
    [InlineData("luunch ", new[] { 2, 3 })]
    [InlineData("cvtlery ", new[] { 2 })]
    [InlineData("お茶", new[] { 8 })]
    [InlineData("красная", new[] { 9 })]
    [InlineData("xyzzy", new int[0])]
    [InlineData("", new int[0])]
    public void Finds_by_word_form_beginning_and_typo(string query, int[] expected)
    {
        int[] found = [.. _index.Search(query, 20).Items.Select(item => item.Item)];
        Assert.Equal(expected.Order(), found.Order());
        if (expected.Length > 0) Assert.Contains(found[0], expected);
    }

    [Fact]
    public void More_common_words_come_first()
    {
        Assert.Equal(0, _index.Search("red mug", 1).Items[0].Item);
        Assert.Equal(3, _index.Search("strawberry lunch box bag", 1).Items[0].Item);
    }

    [Fact]
    public void Matches_state_how_words_were_understood()
    {
        var matches = _index.Search("mug gardn lun", 5).Matches;
        Assert.Equal([LexicalMatchKind.Exact, LexicalMatchKind.Typo, LexicalMatchKind.Prefix], matches.Select(match => match.Kind));
        Assert.Equal(["garden"], matches[1].Terms);
    }

    [Fact]
    public void A_change_is_found_at_once_and_a_removed_item_is_not()
    {
        Put(1, "GREEN TEAPOT");
        Assert.Equal(0, Assert.Single(_index.Search("mug", 5).Items).Item);
        Assert.Equal(1, Assert.Single(_index.Search("teapot", 5).Items).Item);
        _index.Remove(1);
        Assert.Empty(_index.Search("teapot", 5).Items);
        Assert.Empty(_index.Search("teapto ", 5).Items);
        Assert.Empty(_index.Search("teap", 5).Items);
        Put(1, "");
        Assert.Equal(s_titles.Length - 1, _index.Count);
    }

    [Fact]
    public void A_filter_hides_items()
    {
        var result = _index.Search("mug", 5, position => position is 1 or 2);
        Assert.Equal(1, Assert.Single(result.Items).Item);
        Assert.Equal([1], result.Found);
    }

    [Theory]
    [InlineData("lu", new[] { "lunch" })]
    [InlineData("lunch b", new[] { "lunch bag", "lunch box" })]
    [InlineData("lunch ", new string[0])]
    [InlineData("christmas mu", new[] { "christmas mug" })]
    [InlineData("", new string[0])]
    public void Suggests_what_items_have(string typed, string[] expected) => Assert.Equal(expected, _index.Suggest(typed, 5));

    [Fact]
    public void An_index_that_changed_equals_a_new_one()
    {
        var random = new Random(3);
        string[] words = [.. Enumerable.Range(0, 60).Select(n => $"{(char)('a' + (n % 26))}{(char)('a' + (n / 7))}word{n % 11}")];
        var texts = new string?[200];
        using var changed = new LexicalIndex();
        for (int step = 0; step < 3_000; step++)
        {
            int position = random.Next(texts.Length);
            texts[position] = random.Next(4) == 0 ? null
                : string.Join(' ', Enumerable.Range(0, 1 + random.Next(8)).Select(_ => words[random.Next(words.Length)]));
            if (texts[position] is { } text) changed.Put(position, [new(text, 1)]);
            else changed.Remove(position);
        }

        using var fresh = new LexicalIndex();
        for (int position = 0; position < texts.Length; position++)
            if (texts[position] is { } text) fresh.Put(position, [new(text, 1)]);
        Assert.Equal((fresh.Count, fresh.WordCount), (changed.Count, changed.WordCount));
        foreach (string word in words)
        {
            // Sums of lengths differ in the last digits.
            string query = $"{word} {words[5]} ";
            ScoredItem[] a = fresh.Search(query, 200).Items, b = changed.Search(query, 200).Items;
            Assert.Equal(a.Select(i => i.Item).Order(), b.Select(i => i.Item).Order());
            Assert.Equal(a.Sum(i => i.Score), b.Sum(i => i.Score), 2);
        }
    }

    [Fact]
    public void Hostile_texts_are_indexed_and_sought()
    {
        string[] hostile =
        [
            new('a', 1 << 20), string.Concat(Enumerable.Repeat("word ", 1 << 18)), "\uD800\uDC00\uD800", "\0\u0001", "\u202Eright\u202C",
            "שלום עולם", new('日', 10_000), string.Concat(Enumerable.Repeat("e\u0301", 10_000)), new('\'', 1000),
        ];
        for (int n = 0; n < hostile.Length; n++) Put(100 + n, hostile[n]);
        foreach (string text in hostile) _index.Search(text, 10);
        foreach (string text in hostile) _index.Suggest(text, 10);
        Assert.Equal(105, _index.Search("שלום", 1).Items[0].Item);
    }

    [Fact]
    public async Task Searches_run_while_items_change()
    {
        using var stop = new CancellationTokenSource();
        int[] found = new int[3];
        var searches = Enumerable.Range(0, found.Length).Select(searcher => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) Interlocked.Add(ref found[searcher], _index.Search("mug lunch", 20).Items.Length);
        })).ToArray();
        // Until each has found something: on a busy machine one may start late.
        for (int n = 0; n < 2_000 || Enumerable.Range(0, found.Length).Any(searcher => Volatile.Read(ref found[searcher]) == 0); n++)
        {
            Assert.True(n < 2_000_000 && searches.All(search => !search.IsFaulted), "A search finds nothing, or failed.");
            Put(20 + (n % 50), n % 3 == 0 ? "" : $"mug {n} lunch{n % 7}");
        }

        await stop.CancelAsync();
        await Task.WhenAll(searches);
    }

    [Theory]
    [InlineData("caresses", "caress")]
    [InlineData("ponies", "poni")]
    [InlineData("relational", "relat")]
    [InlineData("hopping", "hop")]
    [InlineData("filing", "file")]
    [InlineData("happy", "happi")]
    [InlineData("generalizations", "gener")]
    [InlineData("oscillators", "oscil")]
    [InlineData("adjustment", "adjust")]
    [InlineData("electrical", "electr")]
    [InlineData("sky", "sky")]
    [InlineData("rate", "rate")]
    [InlineData("controll", "control")]
    [InlineData("grün", "grün")]
    public void Stems_are_Porters(string word, string stem) => Assert.Equal(stem, PorterStemmer.Stem(word));

    [Theory]
    [InlineData("Men's T-shirt, size 42", "mens t shirt size 42")]
    [InlineData("日本語x", "日本 本語 x")]
    [InlineData("  ", "")]
    public void Words_are_split(string text, string expected) => Assert.Equal(expected, string.Join(' ', Words.Of(text)));

    private void Put(int position, string text) => _index.Put(position, [new(text, 1)]);
}
