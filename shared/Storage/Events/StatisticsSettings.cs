using System.Security.Cryptography;
using System.Text.Json;
using Recommender.Factorization.Events;

namespace Recommender.Storage.Events;

/// <summary>
/// How users count in item statistics. A user counts once per item, with weight 1, at the time of their newest positive event on it, while
/// their events on it together are a positive preference by the rules of <see cref="EventWeights"/>. How many events a user has does not
/// matter.
/// </summary>
/// <remarks>
/// Forward decay (Cormode et al., ICDE 2009): the weight of a user grows with the time of the event instead of shrinking with its age, so
/// that the order never changes by waiting, a store of old events has a popular list as any other, and events may come in any order. The
/// newest positive event is the one that counts because it only moves forward as events come: taking a sum forward adds to it, which loses
/// no digits.
/// </remarks>
public sealed record StatisticsSettings
{
    public EventWeights Weights { get; init; } = EventWeights.Default;

    public double PopularHalfLifeDays { get; init; } = 90;

    public double TrendHalfLifeHours { get; init; } = 72;

    /// <summary>Time zero of popularity and trends. A recent one: logarithms near 0 have more digits behind the point.</summary>
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

    /// <summary>Names these rules: statistics counted by rules of another name must be recounted.</summary>
    internal string Fingerprint()
    {
        var types = new SortedDictionary<string, EventTypeSettings>(StringComparer.Ordinal);
        foreach (var (name, settings) in Weights.Types) types[name.ToLowerInvariant()] = settings;
        byte[] rules = JsonSerializer.SerializeToUtf8Bytes(new { Version = 1, Epoch, PopularHalfLifeDays, TrendHalfLifeHours, types });
        return Convert.ToHexStringLower(SHA256.HashData(rules));
    }
}
