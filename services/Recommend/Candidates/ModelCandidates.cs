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
    /// <summary>Touched items that are scored together. The next ones meet a higher threshold.</summary>
    private const int BlockLength = 64;

    private readonly PositionSet _found = new();
    private ScoredItem[] _scored = new ScoredItem[64];
    private ScoredItem[] _wide = [];

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
    /// The best by factor score plus terms, wherever the index's search is exact. Terms are 0 except for the items they touch. An item that
    /// the search leaves out scores no more than the last one it finds, so few of the touched items need their row.
    /// </summary>
    private int SearchWithTerm(ServingIndex? index, Span<ScoredItem> results)
    {
        var query = profile.Query;
        var term = profile.Term;
        var top = new TopK(results);
        float ceiling = 0;
        // A zero vector scores every item 0. Then only touched items are candidates.
        if (query.ContainsAnyExcept(0f) && index is not null)
        {
            // Lowered items may leave the best, each for one that the search has to find behind them.
            int width = Math.Min(results.Length + term.Lowered, index.Count);
            var found = Scratch.EnsureCapacity(ref _wide, width);
            found = found[..index.Search(query, width, eligible.Scope, found)];
            foreach (var candidate in found)
            {
                top.Add(candidate.Item, candidate.Score + term[candidate.Item]);
                _found.Add(candidate.Item);
            }

            if (found.Length == width && width > 0) ceiling = Math.Max(found[^1].Score, 0);
        }
        else index = null;

        AddTouched(index, ceiling, ref top);
        _found.Clear();
        return top.Finish();
    }

    /// <summary>Adds the touched items that the search has not found.</summary>
    /// <param name="ceiling">The most that a dot product of theirs can be.</param>
    private void AddTouched(ServingIndex? index, float ceiling, scoped ref TopK top)
    {
        var term = profile.Term;
        Span<int> items = stackalloc int[BlockLength];
        int count = 0;
        foreach (int item in term.Touched)
        {
            if (ceiling + term[item] < top.Threshold || _found.Contains(item) || !eligible.Contains(item)) continue;
            items[count++] = item;
            if (count < BlockLength) continue;
            AddBlock(index, items, ref top);
            count = 0;
        }

        AddBlock(index, items[..count], ref top);
    }

    private void AddBlock(ServingIndex? index, scoped ReadOnlySpan<int> items, scoped ref TopK top)
    {
        Span<float> scores = stackalloc float[BlockLength];
        scores.Clear();
        index?.ScoreKnown(profile.Query, items, scores);
        for (int i = 0; i < items.Length; i++) top.Add(items[i], scores[i] + profile.Term[items[i]]);
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
