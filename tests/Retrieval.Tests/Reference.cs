using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Tests;

/// <summary>The obviously right answer that every index is compared with.</summary>
internal static class Reference
{
    /// <summary>Scores every item with the kernel's own Dot, sorts all of them, takes k.</summary>
    public static ScoredItem[] Search(float[] factors, int rank, float[] query, int k, Kernel kernel, ItemSet? allowed = null,
        params int[] excluded)
    {
        var all = new List<ScoredItem>();
        for (int item = 0; item < factors.Length / rank; item++)
        {
            if (allowed is not null && !allowed.Contains(item)) continue;
            if (excluded.Contains(item)) continue;
            float score = kernel.Dot(query, factors.AsSpan(item * rank, rank));
            if (!float.IsNaN(score)) all.Add(new ScoredItem(item, score));
        }

        return [.. all.OrderByDescending(s => s.Score).ThenBy(s => s.Item).Take(k)];
    }

    public static ScoredItem[] Search(IItemIndex index, float[] query, int k, ItemSet? allowed = null, params int[] excluded)
    {
        var results = new ScoredItem[Math.Min(k, index.Count)];
        int found = index.Search(query, k, new SearchScope(allowed, excluded), results);
        return results[..found];
    }
}
