using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Limits the number of test users of a hold-out.</summary>
internal static class HoldoutSample
{
    /// <summary>Keeps at most <paramref name="maxUsers"/> test users, evenly spaced by index.</summary>
    public static Split Limit(Split split, int maxUsers)
    {
        var tested = Enumerable.Range(0, split.Test.Count).Where(u => split.Test.Length(u) > 0).ToArray();
        if (tested.Length <= maxUsers) return split;
        var kept = Enumerable.Range(0, maxUsers).Select(n => tested[(long)n * tested.Length / maxUsers]);
        var entries = kept.SelectMany(u => split.Test.Row(u).ToArray().Select(i => new Entry(u, i)));
        return split with { Test = InteractionMatrix.Build(split.Train.UserCount, split.Train.ItemCount, entries).Users };
    }
}
