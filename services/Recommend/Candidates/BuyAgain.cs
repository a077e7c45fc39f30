using Recommender.FactorStore.Users;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Candidates;

/// <summary>Items that a user bought repeatedly, by how due they are.</summary>
/// <remarks>
/// The score is n / (n + 1) × exp(−(ln x)² / (2 (ln 2)²)) for n purchases, where x is the time since the newest one divided by the mean
/// time between two: highest at x = 1, 61 % of that at x = 1/2 and x = 2, 14 % at x = 1/4 and x = 4. Times between purchases of an item are
/// close to log-normal (Bhagat et al., Buy It Again, KDD 2018); here the width is the same for all items.
/// </remarks>
internal static class BuyAgain
{
    /// <summary>Before this share of the interval has passed, an item is not listed.</summary>
    private const double Earliest = 0.25;

    /// <param name="value">The user's value in the factor store.</param>
    /// <param name="now">The current time by the clock: an item is due at a time, whether or not events arrive.</param>
    public static void List(Catalogue catalogue, ReadOnlySpan<byte> value, DateTimeOffset now, ListedCandidates into)
    {
        if (!UserStateView.TryRead(value, out var stored)) return;
        foreach (ref readonly var record in stored.Repeats)
        {
            if (ScoreOf(record, now.ToUnixTimeSeconds()) is > 0 and var score)
                into.Add(catalogue, catalogue.PositionOfKey(record.ItemKey), score);
        }
    }

    /// <summary>From 0 to 1; 0 for an item that is not listed.</summary>
    internal static float ScoreOf(in RepeatRecord record, long nowSeconds)
    {
        double intervals = (nowSeconds - (double)record.LastAtSeconds) / record.IntervalSeconds;
        if (!(intervals >= Earliest) || !double.IsFinite(intervals)) return 0;
        double doublings = Math.Log2(intervals);
        // An item of long ago stays in the list, at its end.
        return (float)Math.Max(record.Purchases / (record.Purchases + 1.0) * Math.Exp(-doublings * doublings / 2), 1e-30);
    }
}
