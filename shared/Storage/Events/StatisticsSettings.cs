using System.Security.Cryptography;
using System.Text.Json;
using Recommender.Factorization.Events;

namespace Recommender.Storage.Events;

/// <summary>
/// Rules of item statistics. A user with a positive preference for an item by the rules of <see cref="EventWeights"/> counts once, with
/// weight 1 at the time of their newest positive event on it. The number of events of a user does not matter.
/// </summary>
/// <remarks>
/// Forward decay (Cormode et al., ICDE 2009): the weight of a user grows with the time of the event instead of shrinking with its age. The
/// order therefore does not change by time alone, a store of old events has a meaningful ranking, and events may arrive in any order. The
/// newest positive event is used because its time only increases: increasing a term of a sum loses no precision.
/// </remarks>
public sealed record StatisticsSettings
{
    public EventWeights Weights { get; init; } = EventWeights.Default;

    public double PopularHalfLifeDays { get; init; } = 90;

    public double TrendHalfLifeHours { get; init; } = 72;

    /// <summary>Time zero of popularity and trend. Recent, because logarithms near 0 have a higher absolute precision.</summary>
    public static readonly DateTimeOffset Epoch = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The exponent of a user in the popularity of an item: (t − epoch) / half-life.</summary>
    public double PopularityOf(DateTimeOffset at) => (at - Epoch).TotalDays / PopularHalfLifeDays;

    /// <summary>The exponent of a user in the trend of an item.</summary>
    public double TrendOf(DateTimeOffset at) => (at - Epoch).TotalHours / TrendHalfLifeHours;

    /// <summary>log2(2^a + 2^b) without overflow.</summary>
    public static double AddTrends(double a, double b)
    {
        if (double.IsNegativeInfinity(a)) return b;
        if (double.IsNegativeInfinity(b)) return a;
        double high = Math.Max(a, b), low = Math.Min(a, b);
        return high + Math.Log2(1 + Math.Pow(2, low - high));
    }

    /// <summary>Identifies these rules. Statistics with another fingerprint must be recounted.</summary>
    internal string Fingerprint()
    {
        var types = new SortedDictionary<string, EventTypeSettings>(StringComparer.Ordinal);
        foreach (var (name, settings) in Weights.Types) types[name.ToLowerInvariant()] = settings;
        byte[] rules = JsonSerializer.SerializeToUtf8Bytes(new { Version = 1, Epoch, PopularHalfLifeDays, TrendHalfLifeHours, types });
        return Convert.ToHexStringLower(SHA256.HashData(rules));
    }
}
