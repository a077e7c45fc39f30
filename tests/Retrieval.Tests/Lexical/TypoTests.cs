using System.IO.Compression;
using Recommender.Retrieval.Lexical;
using Recommender.Retrieval.Text;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Retrieval.Tests.Lexical;

/// <summary>Words of a real shop with one typo each.</summary>
public sealed class TypoTests(ITestOutputHelper output)
{
    private const int Words1000 = 1_000, Found = 20;

    [Fact]
    public void A_typo_finds_what_the_right_word_finds()
    {
        string[] titles = Titles(DataSets.Find("online-retail-uci"));
        using var index = new LexicalIndex();
        for (int position = 0; position < titles.Length; position++) index.Put(position, [new(titles[position], 1)]);
        string[] words = [.. titles.SelectMany(title => Words.Of(title))
            .Where(word => word.Length >= 5 && word.All(char.IsAsciiLetterLower)).Distinct().Order(StringComparer.Ordinal)];
        var random = new Random(1);
        random.Shuffle(words);
        double recall = 0;
        foreach (string word in words.Take(Words1000))
        {
            var right = index.Search(word + " ", Found).Items.Select(item => item.Item).ToHashSet();
            var found = index.Search(Misspelt(word, random) + " ", Found).Items.Select(item => item.Item).ToHashSet();
            recall += found.Intersect(right).Count() / (double)right.Count;
        }

        recall /= Math.Min(Words1000, words.Length);
        output.WriteLine($"recall@{Found} of {Math.Min(Words1000, words.Length)} of {words.Length} words: {recall:f4}");
        Assert.InRange(recall, .95, 1);
    }

    /// <summary>One letter added, removed, replaced, or swapped with the next one.</summary>
    private static string Misspelt(string word, Random random)
    {
        int at = random.Next(word.Length);
        char letter = (char)('a' + random.Next(26));
        string misspelt = random.Next(4) switch
        {
            0 => word.Insert(at, letter.ToString()),
            1 => word.Remove(at, 1),
            2 => word.Remove(at, 1).Insert(at, letter.ToString()),
            _ => at + 1 < word.Length ? word[..at] + word[at + 1] + word[at] + word[(at + 2)..] : word.Remove(at, 1),
        };
        return misspelt == word ? Misspelt(word, random) : misspelt;
    }

    /// <summary>The first description of each stock code that begins with a digit.</summary>
    private static string[] Titles(string folder)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, "online_retail.csv.gz")),
            CompressionMode.Decompress));
        reader.ReadLine();
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            string[] quoted = line.Split('"');
            string[] fields = line.Split(',');
            string title = quoted.Length > 1 ? quoted[1] : fields[2];
            if (char.IsAsciiDigit(fields[1][0]) && title.Length > 0) titles.TryAdd(fields[1], title);
        }

        return [.. titles.Values];
    }
}
