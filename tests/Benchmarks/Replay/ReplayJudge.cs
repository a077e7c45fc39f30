namespace Recommender.Benchmarks.Replay;

/// <summary>Hit rate, reciprocal rank, NDCG and coverage of lists of 20.</summary>
internal sealed class ReplayJudge
{
    public const int K = 20;

    private readonly HashSet<int> _shown = [];
    private int _asked;
    private double _hits, _reciprocal, _gain;

    public double HitRate => _asked == 0 ? 0 : _hits / _asked;

    public double Mrr => _asked == 0 ? 0 : _reciprocal / _asked;

    public double Ndcg => _asked == 0 ? 0 : _gain / _asked;

    /// <summary>Share of <paramref name="items"/> that were in any list.</summary>
    public double Coverage(int items) => items == 0 ? 0 : _shown.Count / (double)items;

    public void Add(ReadOnlySpan<int> list, int target)
    {
        _asked++;
        foreach (int item in list) _shown.Add(item);
        int at = list.IndexOf(target);
        if (at < 0) return;
        _hits++;
        _reciprocal += 1.0 / (1 + at);
        _gain += 1 / Math.Log2(2 + at);
    }

    /// <summary>The best 20 without the excluded, ties by number.</summary>
    public static int[] Top(Dictionary<int, double> scores, IReadOnlyList<int> excluded)
    {
        foreach (int item in excluded) scores.Remove(item);
        var heap = new PriorityQueue<int, (double Score, int Item)>();
        foreach (var (item, score) in scores)
        {
            if (heap.Count < K) heap.Enqueue(item, (score, -item));
            else if ((score, -item).CompareTo((heap.TryPeek(out _, out var least) ? least : default)) > 0)
                heap.EnqueueDequeue(item, (score, -item));
        }

        int[] top = new int[heap.Count];
        for (int at = top.Length - 1; at >= 0; at--) top[at] = heap.Dequeue();
        return top;
    }
}
