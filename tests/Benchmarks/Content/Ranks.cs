namespace Recommender.Benchmarks.Content;

/// <summary>Rank correlation.</summary>
internal static class Ranks
{
    /// <summary>Spearman's correlation, −1 to 1: Pearson's correlation of the ranks. Equal values share the mean of their ranks.</summary>
    public static double Spearman(double[] first, double[] second)
    {
        double[] a = Of(first), b = Of(second);
        double meanA = a.Average(), meanB = b.Average();
        double product = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return product / Math.Sqrt(a.Sum(x => (x - meanA) * (x - meanA)) * b.Sum(y => (y - meanB) * (y - meanB)));
    }

    private static double[] Of(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length).OrderBy(at => values[at])];
        var ranks = new double[values.Length];
        for (int from = 0; from < order.Length;)
        {
            int to = from + 1;
            while (to < order.Length && values[order[to]] == values[order[from]]) to++;
            for (int at = from; at < to; at++) ranks[order[at]] = (from + to + 1) / 2.0;
            from = to;
        }

        return ranks;
    }
}
