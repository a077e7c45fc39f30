namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): a small generator that can start anywhere, so that each step has its own sequence.
/// </summary>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator for one (purpose, step) of one seed.</summary>
    public static SplitMix For(int seed, int purpose, long step)
    {
        var mix = new SplitMix(((ulong)(uint)seed << 32) ^ ((ulong)(uint)purpose << 56) ^ (ulong)step * 0xD1342543DE82EF95);
        return new SplitMix(mix.Next());
    }

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 ≤ value &lt; <paramref name="limit"/>.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>0 ≤ value &lt; 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Unit())) * Math.Cos(2 * Math.PI * Unit());
}
