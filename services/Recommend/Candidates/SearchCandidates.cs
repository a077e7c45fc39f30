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

    /// <summary>Items that are ordered by all parts, the best by words first; those after them follow by their words alone.</summary>
    private const int OrderedItems = 1_000;

    /// <summary>Searches the items that the filters let through, and lists those that may appear on this page.</summary>
    /// <remarks>Scores are scaled by the same items on every page, so that they do not change from page to page.</remarks>
    public static Findings Find(ServingState state, Request request, Profile profile, EligibleItems eligible, HybridWeights weights,
        ListedCandidates listed)
    {
        var catalogue = state.Catalogue;
        int count = Math.Min(OrderedItems + (request.ShownKeys?.Count ?? 0) + request.PageCount, Limits.PagedItems);
        var result = catalogue.Words.Search(request.Query!, count, key => IsAllowed(catalogue, eligible, key));
        var candidates = new List<HybridCandidate>(OrderedItems);
        foreach (var item in result.Items.AsSpan(0, Math.Min(OrderedItems, result.Items.Length)))
            candidates.Add(Candidate(state, profile, item.Item, item.Score, MeaningOf(catalogue, item.Item, request.QueryVector)));
        var meant = FindMeant(catalogue, request.QueryVector)
            .Where(item => item.Score >= SimilarMeaning && IsAllowed(catalogue, eligible, item.Item))
            .ToDictionary(item => item.Item, item => item.Score);
        if (meant.Count > 0)
            foreach (int key in result.Found) meant.Remove(key);
        foreach (var (key, meaning) in meant) candidates.Add(Candidate(state, profile, key, words: 0, meaning));

        var ranked = HybridRanking.Rank(CollectionsMarshal.AsSpan(candidates), weights);
        foreach (var item in ranked) listed.Add(catalogue, item.Item, item.Score);
        foreach (var item in result.Items.AsSpan(Math.Min(OrderedItems, result.Items.Length)))
            listed.Add(catalogue, catalogue.PositionOfKey(item.Item), weights.Words * item.Score / result.Items[0].Score);
        var found = result.Found.Concat(meant.Keys);
        return new Findings(result.Found.Count + meant.Count, result.Matches,
            [.. request.Facets.Select(key => Count(catalogue, found, key))],
            request.Suggestions == 0 ? [] : catalogue.Words.Suggest(request.Query!, request.Suggestions),
            request.ReasonCount is null ? new Dictionary<int, HybridItem>() : ranked.ToDictionary(item => item.Item));
    }

    private static bool IsAllowed(Catalogue catalogue, EligibleItems eligible, int key)
    {
        int position = catalogue.PositionOfKey(key);
        return catalogue.IsAvailable(position) && (eligible.Allowed?.Contains(position) ?? true);
    }

    private static HybridCandidate Candidate(ServingState state, Profile profile, int key, float words, float meaning)
    {
        int position = state.Catalogue.PositionOfKey(key);
        float taste = profile.CanScore(state.Model, position) ? profile.ScoreOf(state.Model, position) : 0;
        return new HybridCandidate(position, words, meaning, taste);
    }

    /// <summary>Cosine of query and item; 0 where one of them has no vector of the same encoder.</summary>
    private static float MeaningOf(Catalogue catalogue, int key, QueryVector? query)
    {
        if (query is null || catalogue[catalogue.PositionOfKey(key)]?.Record.TextVector is not { } vector || vector.Model != query.Model
            || VectorBytes.Dimensions(vector.Bytes.Span) != query.Numbers.Length) return 0;
        Span<float> numbers = query.Numbers.Length <= 1024 ? stackalloc float[query.Numbers.Length] : new float[query.Numbers.Length];
        VectorBytes.Decode(vector.Bytes.Span, numbers);
        return TensorPrimitives.Dot(numbers, query.Numbers);
    }

    /// <summary>Store keys of the items that are nearest to the query by meaning.</summary>
    private static ScoredItem[] FindMeant(Catalogue catalogue, QueryVector? query)
    {
        if (query is null || catalogue.Vectors.Of(query.Model) is not { } index || index.Rank != query.Numbers.Length) return [];
        long version = catalogue.Vectors.Version;
        if (query.FoundAt(catalogue.Vectors, version) is { } known) return known;
        var nearest = new ScoredItem[MeantItems];
        nearest = nearest[..index.Search(query.Numbers, nearest)];
        query.Keep(catalogue.Vectors, version, nearest);
        return nearest;
    }

    private static List<(string Value, int Count)> Count(Catalogue catalogue, IEnumerable<int> found, string key)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (int item in found)
            foreach (string value in ValuesOf(catalogue[catalogue.PositionOfKey(item)]?.Record.Item, key))
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
