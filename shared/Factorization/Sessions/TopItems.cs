namespace Recommender.Factorization.Sessions;

/// <summary>Which items have the highest scores.</summary>
internal static class TopItems
{
    /// <summary>Adds the <paramref name="count"/> highest items above <paramref name="least"/> to a set, ties by item.</summary>
    public static void Add(ReadOnlySpan<float> scores, int count, float least, ISet<int> items)
    {
        // A heap with the worst of the best on top; of equal scores the larger item is worse.
        var best = new PriorityQueue<int, (float Score, int Item)>(count + 1);
        float bound = least;
        for (int i = 0; i < scores.Length; i++)
        {
            if (!(scores[i] > bound)) continue;
            if (best.Count < count) best.Enqueue(i, (scores[i], -i));
            else best.EnqueueDequeue(i, (scores[i], -i));
            if (best.Count == count && best.TryPeek(out _, out var worst)) bound = worst.Score;
        }

        foreach (var (item, _) in best.UnorderedItems) items.Add(item);
    }
}
