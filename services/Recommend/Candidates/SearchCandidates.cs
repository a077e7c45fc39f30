using System.Runtime.InteropServices;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Recommend.Filters;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval.Hybrid;

namespace Recommender.Recommend.Candidates;

/// <summary>Finds the items of a search: those with words of the query, ordered by words and by the taste of a profile.</summary>
internal static class SearchCandidates
{
    /// <summary>Searches the items that the filters let through, and lists those that may appear on this page.</summary>
    /// <remarks>Scores are scaled by all items found, so that they do not change from page to page.</remarks>
    public static Findings Find(ServingState state, Request request, Profile profile, EligibleItems eligible, HybridWeights weights,
        ListedCandidates listed)
    {
        var catalogue = state.Catalogue;
        var result = catalogue.Words.Search(request.Query!, Limits.PagedItems);
        var candidates = new List<HybridCandidate>(result.Items.Length);
        foreach (var item in result.Items)
        {
            int position = catalogue.PositionOfKey(item.Item);
            if (!catalogue.IsAvailable(position) || !(eligible.Allowed?.Contains(position) ?? true)) continue;
            float taste = profile.CanScore(state.Model, position) ? profile.ScoreOf(state.Model, position) : 0;
            candidates.Add(new HybridCandidate(position, item.Score, Meaning: 0, taste));
        }

        var ranked = HybridRanking.Rank(CollectionsMarshal.AsSpan(candidates), weights);
        foreach (var item in ranked) listed.Add(catalogue, item.Item, item.Score);
        return new Findings(ranked.Length, result.Matches, [.. request.Facets.Select(key => Count(catalogue, candidates, key))],
            request.Suggestions == 0 ? [] : catalogue.Words.Suggest(request.Query!, request.Suggestions),
            request.ReasonCount is null ? new Dictionary<int, HybridItem>() : ranked.ToDictionary(item => item.Item));
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
