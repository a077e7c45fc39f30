using Recommender.Factorization.Algebra;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>
/// How often each item was seen, decayed by event time, for several half-lives at once. Decay is relative to the newest time that was ever
/// added, never to a clock. Counts are the same in any order of additions, to float rounding. Not safe for concurrent use.
/// </summary>
public sealed class RecentCounts
{
    /// <summary>Weights grow by 2 per half-life after the landmark. It moves before they could leave the range of a float.</summary>
    private const int HalfLivesPerLandmark = 64;

    private readonly Scale[] _scales;

    /// <param name="halfLivesMs">In milliseconds, each 1,000 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A half-life is too short.</exception>
    public RecentCounts(params ReadOnlySpan<long> halfLivesMs)
    {
        foreach (long halfLife in halfLivesMs) ArgumentOutOfRangeException.ThrowIfLessThan(halfLife, 1000, nameof(halfLivesMs));
        _scales = new Scale[halfLivesMs.Length];
        for (int s = 0; s < _scales.Length; s++) _scales[s] = new Scale(halfLivesMs[s]);
    }

    /// <summary>Number of half-lives.</summary>
    public int ScaleCount => _scales.Length;

    /// <summary>One more than the largest counted item.</summary>
    public int ItemCount { get; private set; }

    /// <summary>The newest time that was added, in milliseconds; <see cref="long.MinValue"/> before the first.</summary>
    public long NewestMs { get; private set; } = long.MinValue;

    /// <param name="weight">Finite and above 0.</param>
    /// <param name="timeMs">Milliseconds since 1970. Times may arrive in any order.</param>
    public void Add(int item, float weight, long timeMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        if (!(weight > 0) || float.IsInfinity(weight))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "A weight must be finite and above 0.");
        ItemCount = Math.Max(ItemCount, item + 1);
        NewestMs = Math.Max(NewestMs, timeMs);
        foreach (var scale in _scales) scale.Add(item, weight, timeMs);
    }

    /// <summary>The decayed count of an item as of <see cref="NewestMs"/>.</summary>
    public float CountOf(int item, int scale) => (float)(_scales[scale][item] * _scales[scale].At(NewestMs));

    /// <summary>The share that an item has of the counts of all items, 0..1.</summary>
    public float ShareOf(int item, int scale) => _scales[scale].Total > 0 ? (float)(_scales[scale][item] / _scales[scale].Total) : 0;

    /// <summary>Adds the share of each item times a weight; items beyond the length are skipped.</summary>
    public void AddShares(int scale, float weight, Span<float> scores)
    {
        if (weight == 0 || _scales[scale].Total <= 0) return;
        var counts = _scales[scale].Counts[..Math.Min(ItemCount, scores.Length)];
        Vectors.Add((float)(weight / _scales[scale].Total), counts, scores);
    }

    /// <summary>The items with the highest counts, ties to the lower item; in no order.</summary>
    public IReadOnlyCollection<int> Top(int scale, int count)
    {
        var items = new SortedSet<int>();
        TopItems.Add(_scales[scale].Counts[..ItemCount], count, 0, items);
        return items;
    }

    private sealed class Scale(long halfLifeMs)
    {
        private float[] _counts = [];
        private long? _landmarkMs;

        public double Total { get; private set; }

        /// <summary>Relative to the landmark; as long as the largest item needs, or longer.</summary>
        public ReadOnlySpan<float> Counts => _counts;

        public float this[int item] => item < _counts.Length ? _counts[item] : 0;

        public void Add(int item, float weight, long timeMs)
        {
            if (item >= _counts.Length) Array.Resize(ref _counts, Math.Max(item + 1, _counts.Length + (_counts.Length / 2)));
            _landmarkMs ??= timeMs;
            double halfLives = (timeMs - _landmarkMs.Value) / (double)halfLifeMs;
            if (halfLives > HalfLivesPerLandmark)
            {
                MoveLandmark((long)halfLives);
                halfLives = (timeMs - _landmarkMs.Value) / (double)halfLifeMs;
            }

            float added = (float)(weight * Math.Pow(2, halfLives));
            _counts[item] += added;
            Total += added;
        }

        /// <summary>What a count is multiplied by as of a time.</summary>
        public double At(long timeMs) => _landmarkMs is { } landmark ? Math.Pow(2, (landmark - timeMs) / (double)halfLifeMs) : 1;

        /// <summary>By whole half-lives, so that all counts are multiplied by a power of two, which is exact.</summary>
        private void MoveLandmark(long halfLives)
        {
            _landmarkMs += halfLives * halfLifeMs;
            int exponent = (int)-Math.Min(halfLives, 1000);
            for (int i = 0; i < _counts.Length; i++) _counts[i] = MathF.ScaleB(_counts[i], exponent);
            Total = Math.ScaleB(Total, exponent);
        }
    }
}
