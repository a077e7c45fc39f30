using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Recommend.Serving;

/// <summary>The items of the last hours, the last day and the last week, with what each adds to a score. Immutable.</summary>
internal sealed class RecentItems
{
    /// <summary>Items that are kept. Others are so far behind the first that they would hardly move.</summary>
    public const int Limit = 100;

    public static readonly RecentItems None = new([]);

    private readonly (int Key, float Share)[] _items;

    private RecentItems((int Key, float Share)[] items) => _items = items;

    /// <summary>Store keys of items and what each adds, above 0; largest first, ties by key.</summary>
    public ReadOnlySpan<(int Key, float Share)> Items => _items;

    /// <param name="tables">Of each half-life, shortest first, with row 0: counts of all items.</param>
    public static RecentItems Of(IReadOnlyList<TransitionTable> tables, SessionWeights weights)
    {
        var sums = new Dictionary<int, float>();
        ReadOnlySpan<double> scales = [weights.RecentHours, weights.RecentDay, weights.RecentWeek];
        for (int s = 0; s < tables.Count; s++)
        {
            float total = tables[s].TotalOf(0);
            if (scales[s] == 0 || !(total > 0)) continue;
            foreach (var entry in tables[s].Row(0))
                sums[entry.Item] = sums.GetValueOrDefault(entry.Item) + ((float)scales[s] * entry.Weight / total);
        }

        return new RecentItems([.. sums.Where(item => item.Value > 0).OrderByDescending(item => item.Value).ThenBy(item => item.Key)
            .Take(Limit).Select(item => (item.Key, item.Value))]);
    }

    /// <summary>What an item adds; 0 for one that is not among them.</summary>
    public float ShareOf(int key)
    {
        foreach (var item in _items)
            if (item.Key == key) return item.Share;
        return 0;
    }
}
