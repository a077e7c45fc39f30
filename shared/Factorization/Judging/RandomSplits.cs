using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Hold-outs of data without times: pairs held out at random.</summary>
public static class RandomSplits
{
    /// <summary>Share of the pairs held out: enough to test nearly every user of a data set, few enough to leave histories as they
    /// are.</summary>
    public const double Share = .1;

    /// <summary>Seeds of the finals begin here, so that no final is a hold-out.</summary>
    private const int FirstSeedOfFinals = 101;

    /// <summary>Splits to search for settings by: five where the data is small and single scores are noisy, one where it is
    /// large.</summary>
    public static IReadOnlyList<Split> Holdouts(InteractionMatrix matrix, double share = Share) =>
        Create(matrix, share, 1, matrix.Count switch { < 50_000 => 5, < 200_000 => 3, _ => 1 });

    /// <summary>Other splits, for the final.</summary>
    public static IReadOnlyList<Split> Finals(InteractionMatrix matrix, double share = Share) =>
        Create(matrix, share, FirstSeedOfFinals, matrix.Count < 10_000_000 ? 5 : 2);

    /// <summary>Both.</summary>
    public static SearchSplits ForSearch(InteractionMatrix matrix) => new(Holdouts(matrix), Finals(matrix));

    private static IReadOnlyList<Split> Create(InteractionMatrix matrix, double share, int firstSeed, int count) =>
        [.. Enumerable.Range(firstSeed, count).Select(seed => Splits.Random(matrix, share, seed))];
}
