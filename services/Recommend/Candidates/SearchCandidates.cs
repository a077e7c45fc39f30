using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Recommend.Filters;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;
using Recommender.Retrieval.Hybrid;
using Recommender.Retrieval.Quantized;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// Finds the items of a search: those with words of the query, and those whose texts mean something similar. They are ordered by words,
/// meaning and the taste of a profile.
/// </summary>
internal static class SearchCandidates
{
    /// <summary>Items that are found by their meaning, without a word of the query.</summary>
    private const int MeantItems = 100;

    /// <summary>Cosine from which a meaning is similar enough to be found by it alone.</summary>
    private const float SimilarMeaning = .4f;

    /// <summary>Searches the items that the filters let through, and lists those that may appear on this page.</summary>
    /// <remarks>Scores are scaled by all items found, so that they do not change from page to page.</remarks>
    public static Findings Find(ServingState state, Request request, Profile profile, EligibleItems eligible, HybridWeights weights,
        ListedCandidates listed)
    {
        var catalogue = state.Catalogue;
        var result = catalogue.Words.Search(request.Query!, Limits.PagedItems);
        var candidates = new List<HybridCandidate>(result.Items.Length);
        var byWords = new HashSet<int>(result.Items.Length);
        foreach (var item in result.Items)
        {
            byWords.Add(item.Item);
            Add(item.Item, item.Score, MeaningOf(catalogue[catalogue.PositionOfKey(item.Item)], request.QueryVector));
        }

        foreach (var item in FindMeant(catalogue, request.QueryVector))
            if (!byWords.Contains(item.Item)) Add(item.Item, words: 0, item.Score);
        var ranked = HybridRanking.Rank(CollectionsMarshal.AsSpan(candidates), weights);
        foreach (var item in ranked) listed.Add(catalogue, item.Item, item.Score);
        return new Findings(ranked.Length, result.Matches, [.. request.Facets.Select(key => Count(catalogue, candidates, key))],
            request.Suggestions == 0 ? [] : catalogue.Words.Suggest(request.Query!, request.Suggestions),
            request.ReasonCount is null ? new Dictionary<int, HybridItem>() : ranked.ToDictionary(item => item.Item));

        void Add(int key, float words, float meaning)
        {
            int position = catalogue.PositionOfKey(key);
            if (!catalogue.IsAvailable(position) || !(eligible.Allowed?.Contains(position) ?? true)) return;
            float taste = profile.CanScore(state.Model, position) ? profile.ScoreOf(state.Model, position) : 0;
            candidates.Add(new HybridCandidate(position, words, meaning, taste));
        }
    }

    /// <summary>Cosine of query and item; 0 where one of them has no vector of the same encoder.</summary>
    private static float MeaningOf(CatalogueItem? item, QueryVector? query)
    {
        if (query is null || item?.Record.TextVector is not { } vector || vector.Model != query.Model) return 0;
        Span<float> numbers = query.Numbers.Length <= 1024 ? stackalloc float[query.Numbers.Length] : new float[query.Numbers.Length];
        VectorBytes.Decode(vector.Bytes.Span, numbers);
        return TensorPrimitives.Dot<float>(numbers, query.Numbers);
    }

    /// <summary>Store keys of the items that are nearest to the query by meaning.</summary>
    private static List<ScoredItem> FindMeant(Catalogue catalogue, QueryVector? query)
    {
        if (query is null || catalogue.Vectors.Of(query.Model) is not { } index || index.Rank != query.Numbers.Length) return [];
        var nearest = new ScoredItem[MeantItems];
        int found = index.Search(query.Numbers, nearest);
        return [.. nearest.Take(found).Where(item => item.Score >= SimilarMeaning)];
    }

    private static List<(string Value, int Count)> Count(Catalogue catalogue, List<HybridCandidate> found, string key)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var candidate in found)
            foreach (string value in ValuesOf(catalogue[candidate.Item]?.Record.Item, key))
                CollectionsMarshal.GetValueRefOrAddDefault(counts, value, out _)++;
        return [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(Limits.FacetValues)
            .Select(c => (c.Key, c.Value))];
    }

    /// <summary>The texts of an item under a key, each once.</summary>
    private static IEnumerable<string> ValuesOf(Item? item, string key)
    {
        if (item is null) return [];
        if (key == FilterRules.Categories) return item.Categories.Distinct(StringComparer.Ordinal);
        if (key == FilterRules.Tags) return item.Tags.Distinct(StringComparer.Ordinal);
        if (!item.Properties.TryGetValue(key, out var value)) return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => value.EnumerateArray().Select(text => text.GetString()!).Distinct(StringComparer.Ordinal),
            _ => [],
        };
    }
}
