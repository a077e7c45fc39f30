namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>Draws indices in proportion to fixed weights in constant time (Walker 1977, in Vose's construction).</summary>
internal sealed class AliasTable
{
    private readonly float[] _thresholds;
    private readonly int[] _aliases;

    /// <param name="weights">At least one above 0, none below.</param>
    public AliasTable(double[] weights)
    {
        int n = weights.Length;
        double scale = n / weights.Sum();
        var scaled = new double[n];
        (_thresholds, _aliases) = (new float[n], new int[n]);
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (int i = 0; i < n; i++)
        {
            scaled[i] = weights[i] * scale;
            (scaled[i] < 1 ? small : large).Push(i);
        }

        while (small.Count > 0 && large.Count > 0)
        {
            int less = small.Pop(), more = large.Pop();
            (_thresholds[less], _aliases[less]) = ((float)scaled[less], more);
            scaled[more] -= 1 - scaled[less];
            (scaled[more] < 1 ? small : large).Push(more);
        }

        // What is left differs from 1 by rounding alone, unless it has no weight.
        foreach (int i in large.Concat(small)) (_thresholds[i], _aliases[i]) = (1, i);
    }

    public int Draw(ref SplitMix random)
    {
        int i = random.Below(_thresholds.Length);
        return random.Unit() < _thresholds[i] ? i : _aliases[i];
    }
}
