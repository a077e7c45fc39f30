using System.Numerics.Tensors;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// Candidates that have a score: the best for a profile, or the most similar to an item. One thread at a time; results are valid until the
/// next call.
/// </summary>
internal sealed class ModelCandidates(Profile profile, EligibleItems eligible, ScoreBoosts boosts)
{
    private readonly ItemSet _untouched = new(0);
    private ScoredItem[] _scored = new ScoredItem[64];
    private ScoredItem[] _wide = [];
    private float[] _termScores = [];

    /// <summary>The best eligible items by score, boosts included, or as many chosen from them for variety.</summary>
    public ReadOnlySpan<ScoredItem> Find(ServingState state, int count, double diversity)
    {
        var index = profile.IndexOf(state.Model);

        // Diversity chooses from a pool: the larger it is, the further an item may come from.
        int pool = diversity > 0 ? Math.Max(count * 4, 100) : count;
        pool = Math.Min(pool, state.Catalogue.Count);
        int found = boosts.IsEmpty ? Search(state.Catalogue, index, pool) : SearchBoosted(state.Catalogue, index, pool);
        var candidates = _scored.AsSpan(0, found);

        // Without factors there is nothing to tell how different items are.
        if (diversity == 0 || state.Model is null) return candidates[..Math.Min(count, found)];
        return candidates[..Diversity.Select(state.Model.Index, candidates, count, (float)diversity)];
    }

    /// <summary>
    /// The eligible items most similar to one item: by the cosine of factors, plus how often they are consumed together where the model has
    /// neighbours. Boosts included.
    /// </summary>
    public ReadOnlySpan<ScoredItem> FindSimilar(ServingState state, int position, int count)
    {
        var model = state.Model!;
        var factor = model.Factor(position);
        float inverseNorm = model.InverseNorm(position);
        int items = model.Index.Count;
        if (position < model.ItemCount && model.Learned.Neighbours is { } neighbours) profile.Term.SetNeighboursOf(neighbours, position);
        int width = boosts.IsEmpty ? Math.Min(count, items) : items;
        var top = new TopK(Scratch.EnsureCapacity(ref _scored, width));
        for (int item = 0; item < items; item++)
        {
            if ((eligible.Allowed is { } allowed && !allowed.Contains(item)) || !model.HasFactor(item)) continue;
            float similarity = TensorPrimitives.Dot(factor, model.Factor(item)) * inverseNorm * model.InverseNorm(item)
                + profile.Term[item];
            // Exactly 0 is an item that the model cannot compare.
            if (similarity >= top.Threshold && similarity != 0 && !eligible.Excluded.Contains(item) && state.Catalogue.IsAvailable(item))
                top.Add(item, similarity);
        }

        var found = _scored.AsSpan(0, top.Finish());
        if (!boosts.IsEmpty) boosts.Apply(state.Catalogue, found, count, isComplete: true);
        return found[..Math.Min(count, found.Length)];
    }

    /// <param name="index">Null: only what the terms touch has a score.</param>
    private int Search(Catalogue catalogue, ServingIndex? index, int count)
    {
        var results = Scratch.EnsureCapacity(ref _scored, Math.Min(count, catalogue.Count));
        return index is not null && profile.Term.Touched.IsEmpty
            ? index.Search(profile.Query, Math.Min(results.Length, index.Count), eligible.Scope, results)
            : SearchWithTerm(index, results);
    }

    /// <summary>
    /// The best by factor score plus terms. Terms are 0 except for the items they touch: those are taken out of the index's search and
    /// scored one by one. The best of both are the best of all wherever the index's search is exact.
    /// </summary>
    private int SearchWithTerm(ServingIndex? index, Span<ScoredItem> results)
    {
        var query = profile.Query;
        var touched = profile.Term.Touched;
        int found = 0;
        var scores = Scratch.EnsureCapacity(ref _termScores, touched.Length);
        scores.Clear();
        // A zero vector scores every item 0. Then only touched items are candidates.
        if (index is not null && query.ContainsAnyExcept(0f))
        {
            found = SearchUntouched(index, query, results);
            index.ScoreKnown(query, touched, scores);
        }

        var top = TopK.Continue(results, found);
        for (int i = 0; i < touched.Length; i++)
        {
            int item = touched[i];
            float score = scores[i] + profile.Term[item];
            if (score >= top.Threshold && eligible.Contains(item)) top.Add(item, score);
        }

        return top.Finish();
    }

    /// <summary>The best of the items that no term touches.</summary>
    /// <returns>How many were found.</returns>
    private int SearchUntouched(ServingIndex index, ReadOnlySpan<float> query, Span<ScoredItem> results)
    {
        int wanted = Math.Min(results.Length, index.Count);
        // Leaving the touched ones out afterwards is mostly cheaper than a set of those that may be found.
        int width = Math.Min((2 * wanted) + 64, index.Count);
        var wide = Scratch.EnsureCapacity(ref _wide, width);
        int all = index.Search(query, width, eligible.Scope, wide), found = 0;
        foreach (var candidate in wide[..all])
        {
            if (profile.Term[candidate.Item] != 0) continue;
            results[found++] = candidate;
            if (found == wanted) return found;
        }

        if (all < width || width == index.Count) return found;
        var untouched = eligible.Allowed is { } allowed ? _untouched.CopyFrom(allowed) : _untouched.Fill(index.Count);
        foreach (int item in profile.Term.Touched) if (item < untouched.Length) untouched.Remove(item);
        return index.Search(query, wanted, new SearchScope(untouched, eligible.Excluded.Ascending), results);
    }

    /// <summary>The best by boosted score, exactly: candidates by plain score are widened until the best are certain.</summary>
    private int SearchBoosted(Catalogue catalogue, ServingIndex? index, int count)
    {
        for (int width = ScoreBoosts.FirstWidth(count); ; width = ScoreBoosts.NextWidth(width))
        {
            bool isAll = ScoreBoosts.TakesAll(width, catalogue.Count);
            int found = Search(catalogue, index, isAll ? catalogue.Count : width);
            if (boosts.Apply(catalogue, _scored.AsSpan(0, found), count, isAll || found < width)) return Math.Min(count, found);
        }
    }
}
