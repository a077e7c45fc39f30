namespace Recommender.Demo;

/// <summary>
/// A random number generator (SplitMix64, Steele, Lea and Flood 2014) with the same numbers on every platform and version. Derived values
/// use only the four basic operations, which are deterministic everywhere.
/// </summary>
internal sealed class DemoRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 ≤ x &lt; 1.</summary>
    public double Next() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 ≤ n &lt; <paramref name="count"/>.</summary>
    public int Next(int count) => (int)(Next() * count);

    public double Between(double low, double high) => low + (high - low) * Next();

    public bool Chance(double probability) => Next() < probability;

    public T Pick<T>(IReadOnlyList<T> of) => of[Next(of.Count)];

    /// <summary>A position, drawn by weights whose running sums are given.</summary>
    public int PickByWeight(ReadOnlySpan<double> runningSums)
    {
        double at = Next() * runningSums[^1];
        int low = 0, high = runningSums.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (runningSums[middle] > at) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
