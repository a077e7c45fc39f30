using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Fewer test users where a hold-out has more than are needed.</summary>
internal static class HoldoutSample
{
    /// <summary>At most so many of the tested users, evenly chosen by their index and not by chance.</summary>
    public static Split Limit(Split split, int maxUsers)
    {
        var tested = Enumerable.Range(0, split.Test.Count).Where(u => split.Test.Length(u) > 0).ToArray();
        if (tested.Length <= maxUsers) return split;
        var kept = Enumerable.Range(0, maxUsers).Select(n => tested[(long)n * tested.Length / maxUsers]);
        var entries = kept.SelectMany(u => split.Test.Row(u).ToArray().Select(i => new Entry(u, i)));
        return split with { Test = InteractionMatrix.Build(split.Train.UserCount, split.Train.ItemCount, entries).Users };
    }
}
