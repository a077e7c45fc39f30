using System.Numerics.Tensors;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Answering;

internal sealed partial class Engine
{
    /// <summary>A search with boosts gives up widening its candidates here and scores every allowed item instead.</summary>
    private const int MaxCandidates = 4096;

    /// <summary>Adds the best items of the model to the answer until it has <paramref name="wanted"/>.</summary>
    private static void SearchModel(ServingState state, Query query, ItemSet? allowed, int wanted)
    {
        var model = state.Model!;
        foreach (var item in query.Items.AsSpan(0, query.ItemCount)) query.Excluded.Add(item.Position);
        int missing = wanted - query.ItemCount;

        // Diversity chooses from a pool: the larger it is, the further an item may come from.
        int pool = query.Diversity > 0 ? Math.Max(missing * 4, 100) : missing;
        pool = Math.Min(pool, model.Index.Count);
        int found = query.BoostSets.Count > 0 ? SearchBoosted(state, query, allowed, pool) : SearchPlain(model, query, allowed, pool);
        var candidates = query.Scored.AsSpan(0, found);
        if (query.Diversity > 0) candidates = candidates[..Diversity.Select(model.Index, candidates, missing, (float)query.Diversity)];
        foreach (var item in candidates) query.AddItem(item.Item, item.Score, fromModel: true);
    }

    private static int SearchPlain(ServingModel model, Query query, ItemSet? allowed, int count)
    {
        var results = Query.EnsureCapacity(ref query.Scored, Math.Min(count, model.Index.Count));
        var factor = query.Factor.AsSpan(0, model.Rank);
        return query.Term.Touched.IsEmpty
            ? model.Index.Search(factor, results.Length, new SearchScope(allowed, query.Excluded.Ascending), results)
            : SearchWithTerm(model, query, allowed, factor, results);
    }

    /// <summary>
    /// The best by factor score plus item–item term. The term is 0 but for the items it touches: those are taken out of the index's search
    /// and
    /// scored one by one, so the best of both are the best of all wherever the index's search is exact.
    /// </summary>
    private static int SearchWithTerm(ServingModel model, Query query, ItemSet? allowed, ReadOnlySpan<float> factor,
        Span<ScoredItem> results)
    {
        var touched = query.Term.Touched;
        int found = 0;
        if (factor.ContainsAnyExcept(0f)) // Where factors say nothing, only what is touched has a score.
        {
            var untouched = allowed is null ? query.Untouched.Fill(model.Index.Count) : query.Untouched.CopyFrom(allowed);
            foreach (int item in touched) if (item < untouched.Length) untouched.Remove(item);
            found = model.Index.Search(factor, results.Length, new SearchScope(untouched, query.Excluded.Ascending), results);
        }

        var scores = Query.EnsureCapacity(ref query.TermScores, touched.Length);
        model.Index.Score(factor, touched, scores);
        var top = TopK.Continue(results, found);
        for (int i = 0; i < touched.Length; i++)
        {
            int item = touched[i];
            float score = scores[i] + query.Term[item];
            if (score >= top.Threshold && (allowed is null || allowed.Contains(item)) && !query.Excluded.Contains(item))
                top.Add(item, score);
        }

        return top.Finish();
    }

    /// <summary>
    /// The best by boosted score, exactly: candidates by plain score are widened until no item beyond them can come in even with every
    /// boost above 1 applied to it.
    /// </summary>
    private static int SearchBoosted(ServingState state, Query query, ItemSet? allowed, int count)
    {
        for (int width = Math.Max(count, 32) * 2; ; width *= 4)
        {
            bool all = width >= state.Model!.Index.Count || width > MaxCandidates;
            int found = SearchPlain(state.Model, query, allowed, all ? state.Model.Index.Count : width);
            if (Boost(state, query, query.Scored.AsSpan(0, found), count, all || found < width)) return Math.Min(count, found);
        }
    }

    /// <summary>The same for the fallback's rankings, by their scores.</summary>
    private static int TakeBoosted(ServingState state, Query query, ItemSet? allowed, Ranking ranking, bool logarithmic, int count)
    {
        for (int width = Math.Max(count, 32) * 2; ; width *= 4)
        {
            bool all = width >= state.Catalogue.Count || width > MaxCandidates;
            var ranked = Query.EnsureCapacity(ref query.Ranked, all ? state.Catalogue.Count : width);
            int found = ranking.Take(state.Catalogue, allowed, query.Excluded, ranked);
            var candidates = Query.EnsureCapacity(ref query.Scored, found);
            for (int i = 0; i < found; i++) candidates[i] =
                new ScoredItem(ranked[i].Position, RankingScore(ranking, ranked[i], logarithmic));
            if (Boost(state, query, candidates, count, all || found < width)) return Math.Min(count, found);
        }
    }

    /// <summary>Applies the boosts to candidates, best first, and orders them anew.</summary>
    /// <param name="complete">Whether there is nothing beyond the candidates.</param>
    /// <returns>Whether the first <paramref name="count"/> are certain.</returns>
    private static bool Boost(ServingState state, Query query, Span<ScoredItem> candidates, int count, bool complete)
    {
        double lift = 1;
        foreach (var (_, factor) in query.BoostSets) lift *= Math.Max(factor, 1);
        float lowest = candidates.IsEmpty ? 0 : candidates[^1].Score;
        for (int i = 0; i < candidates.Length; i++)
        {
            float score = candidates[i].Score;
            foreach (var (set, factor) in query.BoostSets)
                if (set.Contains(candidates[i].Item)) score = score >= 0 ? score * factor : score / factor;
            candidates[i] = new ScoredItem(candidates[i].Item, score);
        }

        var catalogue = state.Catalogue;
        candidates.Sort((a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score)
            : string.CompareOrdinal(catalogue[a.Item]?.Id, catalogue[b.Item]?.Id));
        double bound = lowest >= 0 ? lowest * lift : lowest / lift;
        return complete || candidates[Math.Min(count, candidates.Length) - 1].Score > bound;
    }

    /// <summary>The boosts of request and placement as sets of positions.</summary>
    private static void CompileBoosts(ServingState state, Query query)
    {
        query.BoostSets.Clear();
        int own = query.Boosts?.Count ?? 0;
        for (int i = 0; i < own + (query.Placement?.Boosts.Count ?? 0); i++)
        {
            var boost = i < own ? query.Boosts![i] : query.Placement!.Boosts[i - own];
            var set = new ItemSet(0);
            state.Catalogue.Attributes.Compile(ItemAttributes.Translate(boost.Filter!, state.Catalogue), set);
            query.BoostSets.Add((set, (float)boost.Factor));
        }
    }

    /// <summary>Every allowed item's likeness to one item; the best are added to the answer.</summary>
    private static void SearchSimilar(ServingState state, ServingModel model, Query query, int position, ItemSet? allowed, int wanted)
    {
        var factor = model.Factor(position);
        float inverseNorm = model.InverseNorm(position);
        int count = model.Index.Count;
        if (position < model.ItemCount && model.Learned.Neighbours is { } neighbours) query.Term.SetNeighboursOf(neighbours, position);
        var top = new TopK(Query.EnsureCapacity(ref query.Scored, Math.Min(wanted, count)));
        for (int item = 0; item < count; item++)
        {
            if ((allowed is not null && !allowed.Contains(item)) || !model.HasFactor(item)) continue;
            float likeness = TensorPrimitives.Dot(factor, model.Factor(item)) * inverseNorm * model.InverseNorm(item) + query.Term[item];
            // Exactly 0 is an item the model knows nothing of.
            if (likeness >= top.Threshold && likeness != 0 && !query.Excluded.Contains(item) && state.Catalogue.IsAvailable(item))
                top.Add(item, likeness);
        }

        int found = top.Finish();
        foreach (var item in query.Scored.AsSpan(0, found)) query.AddItem(item.Item, item.Score, fromModel: false);
    }

    /// <summary>Takes the pinned items of the first page out of the search. Unknown and unavailable ones are left out, and their places
    /// close up.</summary>
    private static int PlacePins(ServingState state, Query query)
    {
        if (query.Pins is not { } pins || query.HasCursor) return 0;
        int placed = 0;
        foreach (var pin in pins)
        {
            int position = state.Catalogue.PositionOfId(pin.ItemId!);
            if (position < 0 || !state.Catalogue.IsAvailable(position)) continue;
            query.Excluded.Add(position);
            placed++;
        }

        return placed;
    }

    /// <summary>Cuts the answer to the page, notes whether more follows, and puts the pins in.</summary>
    private static void Finish(ServingState state, Query query, int wanted, int pinned)
    {
        query.More = query.ItemCount >= wanted && query.Count > 0;
        query.ItemCount = Math.Min(query.ItemCount, wanted - 1);
        if (pinned == 0) return;
        foreach (var pin in query.Pins!.OrderBy(p => p.Position))
        {
            int position = state.Catalogue.PositionOfId(pin.ItemId!);
            if (position < 0 || !state.Catalogue.IsAvailable(position)) continue;
            bool scored = query.UsedModel && state.Model!.HasFactor(position);
            float score = scored ? Score(state.Model!, query, position) : 0;
            int at = Math.Min(pin.Position - 1, query.ItemCount);
            query.AddItem(0, 0, false);
            query.Items.AsSpan(at, query.ItemCount - 1 - at).CopyTo(query.Items.AsSpan(at + 1));
            query.Items[at] = new AnswerItem(position, score, scored);
        }
    }
}
