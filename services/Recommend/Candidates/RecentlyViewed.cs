using Recommender.FactorStore.Users;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// Items that a user had an event on and has not bought, by the time of the newest event. Items with negative events alone are left out,
/// and so are items whose event types are unknown, since they may be bought.
/// </summary>
internal static class RecentlyViewed
{
    /// <summary>Lists them. The score is 1 divided by the place in the order of time: 1 for the newest, then 1/2, 1/3 and so on.</summary>
    /// <param name="value">The user's value in the factor store.</param>
    /// <param name="purchases">Whether an event is a purchase, by <see cref="EventClass"/>.</param>
    public static void List(Catalogue catalogue, ReadOnlySpan<byte> value, ReadOnlySpan<bool> purchases, ListedCandidates into)
    {
        if (!UserStateView.TryRead(value, out var stored)) return;
        int place = 0;
        for (int i = 0; i < stored.History.Length; i++)
        {
            ref readonly var record = ref stored.History[i];
            byte eventClass = stored.HistoryClasses.IsEmpty ? EventClass.Unknown : stored.HistoryClasses[i];
            if (!(record.Target > 0) || purchases[eventClass] || IsBought(stored.Seen, record.ItemKey, purchases)) continue;
            int position = catalogue.PositionOfKey(record.ItemKey);
            if (catalogue.IsAvailable(position)) into.Add(catalogue, position, 1f / ++place);
        }
    }

    /// <summary>Whether an item has a purchase that is not its newest event.</summary>
    /// <param name="seen">Ordered by item key.</param>
    private static bool IsBought(ReadOnlySpan<SeenRecord> seen, int itemKey, ReadOnlySpan<bool> purchases)
    {
        int first = 0;
        for (int end = seen.Length; first < end;)
        {
            int middle = (first + end) / 2;
            if (seen[middle].ItemKey < itemKey) first = middle + 1;
            else end = middle;
        }

        for (; first < seen.Length && seen[first].ItemKey == itemKey; first++)
            if (purchases[seen[first].Class]) return true;
        return false;
    }
}
