using Recommender.Retrieval.Hybrid;
using Recommender.Retrieval.Lexical;

namespace Recommender.Recommend.Candidates;

/// <summary>What a search found, in addition to the items of the page.</summary>
/// <param name="Total">Items found, on all pages.</param>
/// <param name="Words">How the words of the query were understood.</param>
/// <param name="Facets">The values of each requested facet, those of most items first.</param>
/// <param name="Suggestions">Queries that continue the one asked.</param>
/// <param name="Parts">The parts of the score of each item found, by position.</param>
internal sealed record Findings(
    int Total,
    IReadOnlyList<LexicalMatch> Words,
    IReadOnlyList<IReadOnlyList<(string Value, int Count)>> Facets,
    IReadOnlyList<string> Suggestions,
    IReadOnlyDictionary<int, HybridItem> Parts);
