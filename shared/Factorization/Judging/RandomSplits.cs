using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Hold-outs of data without times: random pairs.</summary>
public static class RandomSplits
{
    /// <summary>
    /// Fraction of pairs to hold out: enough to test nearly every user, and few enough to leave histories nearly complete.
    /// </summary>
    public const double Share = .1;

    /// <summary>First seed of the finals, so that no final equals a hold-out.</summary>
    private const int FirstSeedOfFinals = 101;

    /// <summary>Splits for a search: five for small data, where single scores are noisy, one for large data.</summary>
    public static IReadOnlyList<Split> Holdouts(InteractionMatrix matrix, double share = Share) =>
        Create(matrix, share, 1, matrix.Count switch { < 50_000 => 5, < 200_000 => 3, _ => 1 });

    /// <summary>Other splits, for the final of a search.</summary>
    public static IReadOnlyList<Split> Finals(InteractionMatrix matrix, double share = Share) =>
        Create(matrix, share, FirstSeedOfFinals, matrix.Count < 10_000_000 ? 5 : 2);

    /// <summary>Hold-outs and finals for a search.</summary>
    public static SearchSplits ForSearch(InteractionMatrix matrix) => new(Holdouts(matrix), Finals(matrix));

    private static IReadOnlyList<Split> Create(InteractionMatrix matrix, double share, int firstSeed, int count) =>
        [.. Enumerable.Range(firstSeed, count).Select(seed => Splits.Random(matrix, share, seed))];
}
