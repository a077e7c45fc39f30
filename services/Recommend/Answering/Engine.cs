using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners.Combined;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;
using Recommender.Retrieval.Filters;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Computes answers: what is known of the user, the best of the model under the request's rules, and what fills the rest. Pure work in
/// memory on one <see cref="ServingState"/>; the result is left in the <see cref="Query"/>.
/// </summary>
/// <remarks>
/// Order of the rules: filter, exclusions (seen, excluded, shown on earlier pages, recently shown at a placement that rotates), boosts,
/// diversity, fallback for what is missing, pins.
/// </remarks>
/// <param name="configuredWeights">What events count while no model is served; a model brings the weights it was trained with.</param>
internal sealed partial class Engine(RecommendOptions options, EventWeights configuredWeights, HideRules hideRules, Rotation rotation,
    TimeProvider clock)
{
    /// <param name="user">The user's value in the factor store; empty when there is none.</param>
    /// <param name="session">The session's value, which the answer is then made from; empty where the user's is to be.</param>
    public void Answer(ServingState state, Query query, ReadOnlySpan<byte> user, ReadOnlySpan<byte> session)
    {
        bool isSession = TakeKnown(state, query, session, out var stored);
        bool known = !isSession && TakeKnown(state, query, user, out stored);
        query.Source = known ? Sources.Personal : Sources.Session;
        TakeGivenHistory(state, query);
        bool hasFactor = TakeFactor(state, query, stored);

        if (!query.IncludeSeen)
        {
            // Of both, whichever the answer is made from.
            ExcludeSeen(state, query, user);
            ExcludeSeen(state, query, session);
            ExcludeGivenHistory(state, query);
        }

        Exclude(state, query);
        var allowed = Allowed(state, query);
        CompileBoosts(state, query);
        int pinned = PlacePins(state, query);

        // One more than asked for tells whether another page follows.
        int wanted = Math.Max(query.PageCount - pinned, 0) + 1;
        if (query.Placement?.RotationMinutes is not null) rotation.Exclude(state, query, clock.GetUtcNow());
        if (hasFactor)
        {
            query.UsedModel = true;
            SearchModel(state, query, allowed, wanted);
        }

        if (query.ItemCount < wanted) Fill(state, query, allowed, wanted, Fallback(query));
        if (query.ItemCount < wanted && query.Rotated.Count > 0)
        {
            // What was shown lately comes after everything else rather than not at all.
            foreach (int position in query.Rotated) query.Excluded.Remove(position);
            if (hasFactor) SearchModel(state, query, allowed, wanted);
            if (query.ItemCount < wanted) Fill(state, query, allowed, wanted, Fallback(query));
        }

        Finish(state, query, wanted, pinned);
        if (query.Placement?.RotationMinutes is not null) rotation.Record(state, query, clock.GetUtcNow());
    }

    /// <summary>Popular, trending and latest items.</summary>
    public static void AnswerList(ServingState state, Query query)
    {
        Exclude(state, query);
        int wanted = query.PageCount + 1;
        Fill(state, query, Allowed(state, query), wanted, query.Kind switch
        {
            AnswerKind.Trending => Sources.Trending,
            AnswerKind.Latest => Sources.Latest,
            _ => Sources.Popular,
        });
        Finish(state, query, wanted, pinned: 0);
    }

    /// <summary>
    /// Items most like one item: the cosine of their factors, and where the model has neighbours, how often they are consumed together
    /// (1: as often as the one most often consumed with it). An item the model knows nothing of gets what is popular in its categories.
    /// </summary>
    public static void AnswerSimilar(ServingState state, Query query, int position)
    {
        query.Excluded.Add(position);
        Exclude(state, query);
        int wanted = query.PageCount + 1;
        if (state.Model is { } model && model.IsKnown(position))
        {
            query.Source = Sources.Similar;
            query.UsedModel = true;
            var allowed = Allowed(state, query);
            SearchSimilar(state, model, query, position, allowed, wanted);
            if (query.ItemCount < wanted) Fill(state, query, allowed, wanted, Sources.Popular);
        }
        else
        {
            foreach (string category in state.Catalogue[position]?.Record.Item?.Categories ?? [])
                if (query.Categories.Count == 0 || !query.Categories.Contains(category)) query.Categories.Add(category);
            Fill(state, query, Allowed(state, query), wanted, Sources.Popular);
        }

        Finish(state, query, wanted, pinned: 0);
    }

    /// <summary>
    /// Scores and orders given items, each once: those the model knows by score, then the others by popularity with score 0, then, in the
    /// order given,
    /// those that cannot be recommended: unknown or not available.
    /// </summary>
    public void AnswerRank(ServingState state, Query query, ReadOnlySpan<byte> user, ReadOnlySpan<byte> session,
        IReadOnlyList<string> itemIds)
    {
        bool isSession = TakeKnown(state, query, session, out var stored);
        bool known = !isSession && TakeKnown(state, query, user, out stored);
        query.Source = known ? Sources.Personal : Sources.Session;
        TakeGivenHistory(state, query);
        query.UsedModel = TakeFactor(state, query, stored);
        if (!query.UsedModel) query.Source = Sources.Popular;
        HashSet<string>? unranked = null;
        foreach (string id in itemIds)
        {
            int position = state.Catalogue.PositionOfId(id);
            if (state.Catalogue[position] is not { Available: true } item)
            {
                bool isInCatalogue = state.Catalogue[position] is { Record.Deleted: false };
                if ((unranked ??= new(StringComparer.Ordinal)).Add(id))
                    query.Unranked.Add(new UnrankedItem(id, isInCatalogue ? position : -1));
                continue;
            }

            if (!query.Excluded.Add(position)) continue;
            bool scored = query.UsedModel && state.Model!.HasFactor(position);
            float score = scored ? Score(state.Model!, query, position) : query.UsedModel ? 0
                : RankingScore(state.Catalogue.Popular, new RankedItem(position, item.Record.Popularity), logarithmic: true);
            query.AddItem(position, score, scored);
        }

        var catalogue = state.Catalogue;
        query.Items.AsSpan(0, query.ItemCount).Sort((a, b) =>
        {
            if (a.FromModel != b.FromModel) return a.FromModel ? -1 : 1;
            if (a.Score != b.Score) return b.Score.CompareTo(a.Score);
            if (!a.FromModel && catalogue[a.Position]!.Record.Popularity is var pa && catalogue[b.Position]!.Record.Popularity is var pb
                && pa != pb) return pb.CompareTo(pa);
            return string.CompareOrdinal(catalogue[a.Position]!.Id, catalogue[b.Position]!.Id);
        });
    }

    /// <summary>Whether the model can make something of a user's value. If not, a session of theirs may answer better.</summary>
    public static bool Knows(ServingState state, ReadOnlySpan<byte> value)
    {
        if (!UserStateView.TryRead(value, out var stored)) return false;
        if (state.Model is not { } model) return true; // No session would answer either.
        foreach (ref readonly var record in stored.History)
            if (record.Target > 0 && (uint)state.Catalogue.PositionOfKey(record.ItemKey) < (uint)model.ItemCount) return true;
        return false;
    }

    /// <summary>
    /// The factor of a user for the served model: the stored one, or one that is folded in here while it is of another model. Empty where
    /// the model can make nothing of the history.
    /// </summary>
    public static float[] FactorOf(ServingState state, ReadOnlySpan<byte> value)
    {
        if (state.Model is not { } model || !UserStateView.TryRead(value, out var stored)) return [];
        if (stored.ModelVersion == model.Version && (stored.Factor.IsEmpty || stored.Factor.Length == model.Rank))
            return stored.Factor.ToArray();
        var query = Query.Begin();
        return TakeKnown(state, query, value, out stored) && TakeFactor(state, query, stored) ? query.Factor[..model.Rank] : [];
    }

    /// <summary>Takes the history of a stored value over. False when there is none that counts.</summary>
    private static bool TakeKnown(ServingState state, Query query, ReadOnlySpan<byte> value, out UserStateView stored)
    {
        if (!UserStateView.TryRead(value, out stored) || stored.History.IsEmpty) return false;
        foreach (ref readonly var record in stored.History)
        {
            int position = state.Catalogue.PositionOfKey(record.ItemKey);
            if (position >= 0) query.AddHistory(position, record.Weight, record.Target, record.LastAtSeconds);
        }

        return true;
    }

    /// <summary>
    /// Adds the history given in the request, whose events are combined among each other by the rules of <see cref="EventWeights"/>. They
    /// age up to the newest among them; weights of the stored history stay as they are. Events on unknown items say nothing.
    /// </summary>
    private void TakeGivenHistory(ServingState state, Query query)
    {
        if (query.GivenHistory is not { Count: > 0 } given) return;
        var weights = state.Model?.Weights ?? configuredWeights;
        var now = clock.GetUtcNow();
        var newest = DateTimeOffset.MinValue;
        query.GivenShares.Clear();
        // Looked up once: an item may become known meanwhile.
        var positions = Query.EnsureCapacity(ref query.Order, given.Count);
        for (int i = 0; i < given.Count; i++)
        {
            var (entry, at) = (given[i], given[i].OccurredAt ?? now);
            if (at > newest) newest = at;
            string type = entry.Type ?? HistoryEvent.DefaultType;
            positions[i] = state.Catalogue.PositionOfId(entry.ItemId!);
            query.GivenShares.Add(positions[i], type, weights[type], ValueOf(entry), at.ToUnixTimeMilliseconds());
        }

        var shares = query.GivenShares.Compute();
        for (int i = 0; i < given.Count; i++)
        {
            var (entry, position) = (given[i], positions[i]);
            if (position < 0) continue;
            var says = EventWeights.Of(weights[entry.Type ?? HistoryEvent.DefaultType], ValueOf(entry),
                (newest - (entry.OccurredAt ?? now)).TotalDays, shares[i]);
            long seconds = (entry.OccurredAt ?? now).ToUnixTimeSeconds();
            int at = 0;
            while (at < query.HistoryLength && query.History[at].Item != position) at++;
            if (at == query.HistoryLength)
            {
                query.AddHistory(position, (float)says.Weight, (float)says.Target, seconds);
            }
            else
            {
                var sum = new Preference(query.History[at].Weight, query.History[at].Target).Add(says);
                query.History[at] = new HistoryEntry(position, (float)sum.Weight, (float)sum.Target);
                query.HistoryTimes[at] = Math.Max(query.HistoryTimes[at], seconds);
            }
        }
    }

    /// <summary>A value as events are stored: a 32-bit number, NaN where there is none.</summary>
    private static float ValueOf(HistoryEvent entry) => (float)(entry.Value ?? double.NaN);

    /// <summary>
    /// The user's factor for the served model: the stored one if it is of this version and nothing was given beside it, else folded in
    /// here.
    /// </summary>
    /// <returns>False when nothing positive is known on items of the model: then there is no direction to look in.</returns>
    private static bool TakeFactor(ServingState state, Query query, in UserStateView stored)
    {
        if (state.Model is not { } model) return false;

        // The history keeps every item for exclusion; what the model knows comes first, for fold-in and explanation.
        int usable = 0;
        bool positive = false;
        for (int i = 0; i < query.HistoryLength; i++)
        {
            var entry = query.History[i];
            if (entry.Item >= model.ItemCount || !(entry.Weight > 0)) continue;
            positive |= entry.Target > 0;
            (query.History[usable], query.History[i]) = (entry, query.History[usable]);
            (query.HistoryTimes[usable], query.HistoryTimes[i]) = (query.HistoryTimes[i], query.HistoryTimes[usable]);
            usable++;
        }

        query.UsableHistory = usable;
        if (!positive) return false;
        if (model.Learned.UsesPlaces) Places.Set(query.History.AsSpan(0, usable), query.HistoryTimes);
        var factor = Query.EnsureCapacity(ref query.Factor, model.Rank);
        if (query.GivenHistory is not { Count: > 0 } && stored.ModelVersion == model.Version && stored.Factor.Length == model.Rank)
            stored.Factor.CopyTo(factor);
        else model.Learned.FoldIn(query.History.AsSpan(0, usable), factor);
        if (model.Learned.Neighbours is { } neighbours) query.Term.Set(neighbours, query.History.AsSpan(0, usable));
        return true;
    }

    /// <summary>Takes out what a user has seen, all of it, by the placement's rules.</summary>
    private void ExcludeSeen(ServingState state, Query query, ReadOnlySpan<byte> value)
    {
        if (!UserStateView.TryRead(value, out var stored)) return;
        var catalogue = state.Catalogue;
        if (hideRules.SecondsByClass(query.Placement) is not { } seconds)
        {
            foreach (ref readonly var record in stored.History) query.Excluded.Add(catalogue.PositionOfKey(record.ItemKey));
            foreach (ref readonly var record in stored.Seen) query.Excluded.Add(catalogue.PositionOfKey(record.ItemKey));
            return;
        }

        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        for (int i = 0; i < stored.History.Length; i++)
        {
            byte eventClass = stored.HistoryClasses.IsEmpty ? EventClass.Unknown : stored.HistoryClasses[i];
            if (Hides(seconds[eventClass], SeenTime.FromSeconds(stored.History[i].LastAtSeconds), now))
                query.Excluded.Add(catalogue.PositionOfKey(stored.History[i].ItemKey));
        }

        foreach (ref readonly var record in stored.Seen)
            if (Hides(seconds[record.Class], record.Time, now)) query.Excluded.Add(catalogue.PositionOfKey(record.ItemKey));

        static bool Hides(long seconds, uint time, long now) => seconds != HideRules.Never && now - SeenTime.ToSeconds(time) < seconds;
    }

    private static void ExcludeGivenHistory(ServingState state, Query query)
    {
        for (int i = 0; i < (query.GivenHistory?.Count ?? 0); i++)
            query.Excluded.Add(state.Catalogue.PositionOfId(query.GivenHistory![i].ItemId!));
    }

    private static void Exclude(ServingState state, Query query)
    {
        foreach (string id in query.ExcludedIds) query.Excluded.Add(state.Catalogue.PositionOfId(id));
        foreach (int key in query.ShownKeys) query.Excluded.Add(state.Catalogue.PositionOfKey(key));
    }

    /// <summary>What may appear: available, and let through by the filters of request and placement. Null: every item.</summary>
    private static ItemSet? Allowed(ServingState state, Query query)
    {
        var attributes = state.Catalogue.Attributes;
        if (query.Categories.Count == 0 && query.Tags.Count == 0 && query.Filter is null && query.Placement?.Filter is null)
            return attributes.Available;
        var parts = new List<ItemFilter>();
        if (query.Categories.Count > 0) parts.Add(ItemAttributes.WithAny(categories: true, query.Categories));
        if (query.Tags.Count > 0) parts.Add(ItemAttributes.WithAny(categories: false, query.Tags));
        if (query.Filter is { } filter) parts.Add(ItemAttributes.Translate(filter, state.Catalogue));
        if (query.Placement?.Filter is { } configured) parts.Add(ItemAttributes.Translate(configured, state.Catalogue));
        attributes.Compile(parts.Count == 1 ? parts[0] : new ItemFilter.All(parts), query.Allowed);
        return query.Allowed;
    }

    private string Fallback(Query query) => query.Placement?.Fallback ?? options.Fallback;

    /// <summary>
    /// Fills up from the rankings: the named one, then what is popular, which holds every available item. Behind items of the model
    /// their score is 0, or the last item's if that is lower; the answer's source stays that of its first items.
    /// </summary>
    private static void Fill(ServingState state, Query query, ItemSet? allowed, int wanted, string first)
    {
        var catalogue = state.Catalogue;
        for (int step = 0; step < 2 && query.ItemCount < wanted; step++)
        {
            string source = step == 0 ? first : Sources.Popular;
            if (step == 1 && first == Sources.Popular) break;
            var ranking = source switch
            {
                Sources.Trending => catalogue.Trending,
                Sources.Latest => catalogue.Latest,
                _ =>
                catalogue.Popular
            };
            foreach (var item in query.Items.AsSpan(0, query.ItemCount)) query.Excluded.Add(item.Position);
            int missing = wanted - query.ItemCount;
            bool behind = query.ItemCount > 0;
            if (query.BoostSets.Count > 0 && !behind)
            {
                int boosted = TakeBoosted(state, query, allowed, ranking, source != Sources.Latest, missing);
                if (boosted > 0) query.Source = source;
                for (int i = 0; i < boosted; i++) query.AddItem(query.Scored[i].Item, query.Scored[i].Score, fromModel: false);
                continue;
            }

            var room = Query.EnsureCapacity(ref query.Ranked, missing);
            int found = ranking.Take(catalogue, allowed, query.Excluded, room);
            float ceiling = behind ? Math.Min(0, query.Items[query.ItemCount - 1].Score) : 0;
            if (!behind && found > 0) query.Source = source;
            for (int i = 0; i < found; i++)
                query.AddItem(room[i].Position, behind ? ceiling : RankingScore(ranking, room[i], source != Sources.Latest),
                    fromModel: false);
        }

        if (query.ItemCount == 0 && !query.UsedModel) query.Source = first;
    }

    /// <summary>
    /// Popularity and trend are logarithms of sums that grow with time: they are shown as the share of the strongest item's sum, 0 where
    /// there is none.
    /// </summary>
    private static float RankingScore(Ranking ranking, RankedItem item, bool logarithmic)
    {
        if (!logarithmic) return (float)item.Value;
        return double.IsNegativeInfinity(item.Value) ? 0 : (float)Math.Pow(2, item.Value - ranking.TopValue);
    }

    private static float Score(ServingModel model, Query query, int position)
    {
        Span<float> score = stackalloc float[1];
        model.Index.Score(query.Factor.AsSpan(0, model.Rank), [position], score);
        return score[0] + query.Term[position];
    }
}
