using Recommender.Storage.Events;

namespace Recommender.Storage.Pairs;

/// <summary>Mutable statistics of one item; see <see cref="ItemStatistics"/>.</summary>
internal struct ItemSums(long users, double popularity, double trend)
{
    public static readonly ItemSums Empty = new(0, double.NegativeInfinity, double.NegativeInfinity);

    public long Users { get; private set; } = users;
    public double Popularity { get; private set; } = popularity;
    public double Trend { get; private set; } = trend;

    /// <summary>Whether a subtraction lost precision, so that the item must be summed again from its audience.</summary>
    public bool IsInexact { get; private set; }

    public readonly ItemStatistics Of(int itemKey, string itemId) => new(itemKey, itemId, Users, Popularity, Trend);

    /// <summary>Moves a user from one time to another; null if the user does not count.</summary>
    public void Move(StatisticsSettings settings, long? fromMs, long? toMs)
    {
        if (fromMs == toMs) return;
        Users += (toMs is null ? 0 : 1) - (fromMs is null ? 0 : 1);
        if (Users == 0)
        {
            (Popularity, Trend, IsInexact) = (double.NegativeInfinity, double.NegativeInfinity, false);
            return;
        }

        Popularity = Move(Popularity, Exponent(fromMs, settings.PopularityOf), Exponent(toMs, settings.PopularityOf));
        Trend = Move(Trend, Exponent(fromMs, settings.TrendOf), Exponent(toMs, settings.TrendOf));
    }

    private double Move(double sum, double? from, double? to)
    {
        // Only this user counts, so the sum is their new term.
        if (Users == 1 && to is { } only) return only;
        if (to is { } later && from is { } earlier && earlier < later)
            return StatisticsSettings.AddTrends(sum, later + Math.Log2(1 - Math.Pow(2, earlier - later)));
        if (to is { } added) sum = StatisticsSettings.AddTrends(sum, added);
        return from is { } taken ? Subtract(sum, taken) : sum;
    }

    private double Subtract(double a, double b)
    {
        if (!TrySubtract(a, b, out double difference)) IsInexact = true;
        return difference;
    }

    /// <summary>log2(2^a − 2^b). False if the difference would be accurate to less than about nine digits.</summary>
    internal static bool TrySubtract(double a, double b, out double difference)
    {
        difference = a;
        double share = 1 - Math.Pow(2, b - a);
        if (!(share > 1e-4)) return false;
        difference = a + Math.Log2(share);
        return true;
    }

    private static double? Exponent(long? atMs, Func<DateTimeOffset, double> exponentOf) =>
        atMs is { } at ? exponentOf(DateTimeOffset.FromUnixTimeMilliseconds(at)) : null;
}
