using System.Numerics;
using Recommender.Factorization.Algebra;

namespace Recommender.Factorization.Sessions.Judging;

/// <summary>Judges next-item scorers with full ranking. Ties are ordered by item index.</summary>
public static class NextItemJudge
{
    private const int Chunk = 32;

    /// <param name="repeats">Whether items of the history take part in the ranking.</param>
    public static NextItemResult Judge(
        ISessionScorer scorer, IReadOnlyList<NextItemCase> cases, int k, bool repeats, int threads,
        CancellationToken cancellation = default) =>
        NextItemResult.FromRanks(Rank(scorer, cases, repeats, threads, cancellation), k);

    /// <summary>The 1-based rank of each case's target among all items.</summary>
    public static int[] Rank(
        ISessionScorer scorer, IReadOnlyList<NextItemCase> cases, bool repeats, int threads, CancellationToken cancellation = default)
    {
        var ranks = new int[cases.Count];
        ParallelRows.Run(cases.Count, Chunk, threads, take =>
        {
            var scores = new float[Chunk * scorer.ItemCount];
            while (take() is var (from, to))
            {
                var histories = new int[to - from][];
                for (int c = from; c < to; c++) histories[c - from] = cases[c].History;
                scorer.ScoreMany(histories, scores);
                for (int c = from; c < to; c++)
                    ranks[c] = RankOf(cases[c], scores.AsSpan((c - from) * scorer.ItemCount, scorer.ItemCount), repeats);
            }
        }, cancellation);
        return ranks;
    }

    /// <summary>The rank of a case's target; scores of the history are overwritten unless <paramref name="repeats"/>.</summary>
    internal static int RankOf(NextItemCase asked, Span<float> scores, bool repeats)
    {
        float own = scores[asked.Target];
        if (!repeats)
        {
            foreach (int item in asked.History) scores[item] = float.NegativeInfinity;
            scores[asked.Target] = own;
        }

        return 1 + CountAbove(scores[..asked.Target], own, ties: true) + CountAbove(scores[(asked.Target + 1)..], own, ties: false);
    }

    private static int CountAbove(ReadOnlySpan<float> scores, float limit, bool ties)
    {
        var bound = new Vector<float>(limit);
        var counts = Vector<int>.Zero;
        int i = 0;
        for (; i <= scores.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var x = new Vector<float>(scores[i..]);
            counts -= ties ? Vector.GreaterThanOrEqual(x, bound) : Vector.GreaterThan(x, bound);
        }

        int count = Vector.Sum(counts);
        for (; i < scores.Length; i++)
            if (scores[i] > limit || (ties && scores[i] == limit)) count++;
        return count;
    }
}
