using Recommender.Benchmarks.Quality;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tests;

internal static class TestData
{
    /// <summary>Even users like even items, odd users odd ones; each user misses the item whose number is their own, which is then the
    /// right answer.</summary>
    public static InteractionMatrix Checkerboard(int size = 50)
    {
        var entries = new List<Entry>();
        for (int u = 0; u < size; u++)
            for (int i = u % 2; i < size; i += 2)
                if (i != u) entries.Add(new Entry(u, i));
        return InteractionMatrix.Build(size, size, entries);
    }

    /// <summary>Users and items of a few hidden tastes, with weights and some negatives when asked.</summary>
    public static InteractionMatrix Planted(int users, int items, int perUser, int seed, bool weighted = false, int tastes = 5)
    {
        var random = new Random(seed);
        var entries = new List<Entry>();
        for (int u = 0; u < users; u++)
        {
            for (int n = 0; n < perUser; n++)
            {
                bool own = random.NextDouble() < .85;
                int item = own ? random.Next((items - u % tastes + tastes - 1) / tastes) * tastes + u % tastes : random.Next(items);
                float weight = weighted ? .5f + (float)random.NextDouble() * 3 : 1;
                float target = weighted && !own ? 0 : 1;
                entries.Add(new Entry(u, Math.Min(item, items - 1), weight, target));
            }
        }

        return InteractionMatrix.Build(users, items, entries);
    }

    /// <summary>A public data set with a fixed split, or a visible skip.</summary>
    public static Split FixedSplit(string name)
    {
        string? root = LearningData.Root();
        if (root is null || !Directory.Exists(Path.Combine(root, name)))
            Assert.Skip($"The data set {name} is not here; set RECOMMENDER_DATA to the folder of data sets.");
        return LearningData.ReadFixedSplit(Path.Combine(root, name));
    }

    public static byte[] Bytes(Model model)
    {
        using var stream = new MemoryStream();
        model.Write(stream);
        return stream.ToArray();
    }

    public static float Score(Model model, ReadOnlySpan<HistoryEntry> history, int item)
    {
        var factor = new float[model.Rank];
        model.FoldIn(history, factor);
        float score = 0;
        for (int k = 0; k < model.Rank; k++) score += factor[k] * model.ItemFactors.Span[item * model.Rank + k];
        if (model.Neighbours is { } neighbours)
        {
            var term = new float[model.ItemCount];
            neighbours.Score(history, term);
            score += term[item];
        }

        return score;
    }
}
