namespace Recommender.Benchmarks.Content;

/// <summary>Documents, questions, and the documents that people found relevant to each question.</summary>
/// <param name="Documents">Title and text.</param>
/// <param name="Questions">With the ids that decide about folds.</param>
/// <param name="Relevant">By question: indexes of relevant documents.</param>
internal sealed record Judged(
    IReadOnlyList<(string Title, string Text)> Documents,
    IReadOnlyList<(int Id, string Text)> Questions,
    IReadOnlyList<HashSet<int>> Relevant)
{
    /// <summary>Reads <c>docs.tsv</c>, <c>queries.tsv</c> and <c>qrels.tsv</c>, plain or gzip. Judgements above 0 are relevant.</summary>
    public static Judged Read(string folder)
    {
        var rows = TsvFile.Read(folder, "docs.tsv", "id", "title", "text").ToList();
        var indexes = rows.Index().ToDictionary(row => row.Item[0], row => row.Index, StringComparer.Ordinal);
        var questions = TsvFile.Read(folder, "queries.tsv", "id", "text").Select(row => (Id: int.Parse(row[0]), Text: row[1])).ToList();
        var relevant = TsvFile.Read(folder, "qrels.tsv", "query", "doc", "relevance").Where(row => int.Parse(row[2]) > 0)
            .ToLookup(row => int.Parse(row[0]), row => indexes[row[1]]);
        return new Judged([.. rows.Select(row => (row[1], row[2]))], questions, [.. questions.Select(q => relevant[q.Id].ToHashSet())]);
    }

    /// <summary>Generated documents of topics; a question has words of its topic.</summary>
    public static Judged GenerateTiny()
    {
        const int Topics = 12, PerTopic = 5;
        string Word(int topic, int word) => $"{(char)('a' + topic)}topic{(char)('a' + word)}";
        var documents = Enumerable.Range(0, Topics * PerTopic).Select(n => ($"Title {n}",
            string.Join(' ', Enumerable.Range(0, 12).Select(w => Word(n % Topics, (n + w) % 9)))));
        var questions = Enumerable.Range(1, Topics * 2).Select(n => (n, $"{Word(n % Topics, n % 9)} {Word(n % Topics, (n + 4) % 9)}"));
        var relevant = Enumerable.Range(1, Topics * 2)
            .Select(n => Enumerable.Range(0, PerTopic).Select(k => (k * Topics) + (n % Topics)).ToHashSet());
        return new Judged([.. documents], [.. questions], [.. relevant]);
    }

    /// <summary>Normalised discounted cumulative gain of the first ten, with gain 1 for relevant documents; 0 to 1.</summary>
    public double NdcgAt10(int question, IEnumerable<int> ranked)
    {
        var relevant = Relevant[question];
        if (relevant.Count == 0) return 0;
        double gain = ranked.Take(10).Index().Where(r => relevant.Contains(r.Item)).Sum(r => 1 / Math.Log2(r.Index + 2));
        return gain / Enumerable.Range(0, Math.Min(10, relevant.Count)).Sum(rank => 1 / Math.Log2(rank + 2));
    }
}
