namespace Recommender.Experiments.Interleaving;

/// <summary>
/// Team-draft interleaving: in each round a coin decides which ranking picks its best unpicked item first. Radlinski, Kurup,
/// Joachims, "How Does Clickthrough Data Reflect Retrieval Quality?", CIKM 2008, algorithm 2.
/// </summary>
public static class TeamDraft
{
    /// <summary>Mixes two rankings.</summary>
    /// <param name="first">Items of the first ranking, best first, distinct.</param>
    /// <param name="second">Items of the second ranking, best first, distinct.</param>
    /// <param name="length">Items to show; fewer if both rankings end.</param>
    /// <param name="random">Coin; seed it by the answer to mix again alike.</param>
    public static InterleavedList Mix(IReadOnlyList<int> first, IReadOnlyList<int> second, int length, Random random)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(random);
        var items = new List<int>(length);
        var teams = new List<bool>(length);
        var picked = new HashSet<int>(length);
        int firstNext = 0, secondNext = 0;
        while (items.Count < length)
        {
            int before = items.Count;
            bool firstLeads = random.Next(2) == 0;
            Pick(firstLeads);
            if (items.Count < length) Pick(!firstLeads);
            if (items.Count == before) break;
        }

        return new(items, teams);

        void Pick(bool isFirst)
        {
            var ranking = isFirst ? first : second;
            ref int next = ref isFirst ? ref firstNext : ref secondNext;
            while (next < ranking.Count && !picked.Add(ranking[next])) next++;
            if (next == ranking.Count) return;
            items.Add(ranking[next++]);
            teams.Add(isFirst);
        }
    }
}
