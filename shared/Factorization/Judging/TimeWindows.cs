using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>
/// Hold-outs of interactions with times: windows of the newest ones, each predicted from all that is older. This is what a released model
/// meets,
/// and nothing of the future leaks into training.
/// </summary>
/// <remarks>
/// <para>Tested are the items that users with a history consumed for the first time in the window.</para>
/// <para>
/// Where users come once and do not return, a window's users have no history. Then the last item of each visit that reaches into the window
/// is
/// predicted from the rest, which is what such users are asked to be recommended. The newest window decides for all of them, so that a
/// mean over windows is over scores of one kind.
/// </para>
/// <para>Interactions of one moment stay together: on the older side, unless nothing were left to predict.</para>
/// </remarks>
public static class TimeWindows
{
    /// <summary>
    /// Fraction of the interactions in a window of a search. Large enough that a few hundred thousand interactions test thousands of users;
    /// small enough that more than half of the data remains for training with the oldest of four windows.
    /// </summary>
    public const double Share = .15;

    /// <summary>Distance between the ends of successive windows, as a fraction of the interactions.</summary>
    private const double Apart = .1;

    /// <summary>
    /// If fewer than one in this many interactions of a window are by users with earlier interactions, users are assumed not to return.
    /// </summary>
    private const int ReturningOneIn = 10;

    /// <summary>The newest window, for the release gate.</summary>
    /// <param name="share">Fraction of the interactions in the window.</param>
    /// <param name="maxUsers">Maximum number of test users; of more, an even sample is used.</param>
    public static Split Holdout(ITimedInteractions interactions, double share, int maxUsers = int.MaxValue)
    {
        var (cut, end) = Bounds(interactions, 0, share);
        return HoldoutSample.Limit(Divide(interactions, cut, end, AreVisits(interactions, cut, end)), maxUsers);
    }

    /// <summary>The number of interactions before the newest window.</summary>
    public static int CutOf(ITimedInteractions interactions, double share) => Bounds(interactions, 0, share).Cut;

    /// <summary>Whether <see cref="Holdout"/> holds out the last items of visits: its training part then reaches into the window.</summary>
    public static bool AreVisits(ITimedInteractions interactions, double share)
    {
        var (cut, end) = Bounds(interactions, 0, share);
        return AreVisits(interactions, cut, end);
    }

    /// <summary>
    /// Windows for a search, newest first: four below a million interactions, because a single window may be seasonal; two below ten
    /// million; else one.
    /// </summary>
    public static IReadOnlyList<Split> Holdouts(ITimedInteractions interactions, double share = Share) =>
        Divide(interactions, share, interactions.Count switch { < 1_000_000 => 4, < 10_000_000 => 2, _ => 1 }, offset: 0);

    /// <summary>
    /// Other windows, for the final of a search, newest first. They end half-way between those of <see cref="Holdouts"/>, so that training
    /// and test parts differ.
    /// </summary>
    public static IReadOnlyList<Split> Finals(ITimedInteractions interactions, double share = Share) =>
        Divide(interactions, share, interactions.Count switch { < 1_000_000 => 4, _ => 2 }, offset: Apart / 2);

    /// <summary>Hold-outs and finals for a search.</summary>
    public static SearchSplits ForSearch(ITimedInteractions interactions) => new(Holdouts(interactions), Finals(interactions));

    private static IReadOnlyList<Split> Divide(ITimedInteractions interactions, double share, int windows, double offset)
    {
        var newest = Bounds(interactions, 0, share);
        bool areVisits = AreVisits(interactions, newest.Cut, newest.End);
        return
        [
            .. Enumerable.Range(0, windows)
                .Select(window => Bounds(interactions, offset + window * Apart, share))
                .Where(bounds => bounds.Cut < bounds.End)
                .Distinct()
                .Select(bounds => Divide(interactions, bounds.Cut, bounds.End, areVisits))
                .Where(split => split.Test.Columns.Length > 0 && split.Train.Count > 0),
        ];
    }

    /// <summary>The window that ends a given fraction of the interactions before the newest.</summary>
    private static (int Cut, int End) Bounds(ITimedInteractions interactions, double back, double share) =>
        (back + share < 1 ? Boundary(interactions, 1 - back - share) : 0, back == 0 ? interactions.Count
        : Boundary(interactions, 1 - back));

    /// <summary>
    /// Number of the oldest interactions that are about this fraction of all. Interactions of equal time are not divided.
    /// </summary>
    private static int Boundary(ITimedInteractions interactions, double share)
    {
        int count = interactions.Count, near = (int)Math.Round(count * share);
        if (near <= 0 || near >= count) return Math.Clamp(near, 0, count);
        int after = near, before = near;
        while (after < count && interactions.TimeOf(after) == interactions.TimeOf(near - 1)) after++;
        if (after < count) return after;
        while (before > 0 && interactions.TimeOf(before - 1) == interactions.TimeOf(near)) before--;
        return before;
    }

    private static bool AreVisits(ITimedInteractions interactions, int cut, int end)
    {
        var known = new bool[interactions.Users];
        for (int e = 0; e < cut; e++) known[interactions.UserOf(e)] = true;
        long returning = 0;
        for (int e = cut; e < end; e++)
            if (known[interactions.UserOf(e)]) returning++;
        return returning * ReturningOneIn < end - cut;
    }

    private static Split Divide(ITimedInteractions interactions, int cut, int end, bool areVisits)
    {
        var held = areVisits ? LastOfVisits(interactions, cut, end) : null;
        var train = held is null ? interactions.Preferences(cut) : interactions.Preferences(end, held);
        var positive = interactions.PositiveIn(cut, end);
        var test = new List<Entry>();
        for (int e = cut; e < end; e++)
        {
            int user = interactions.UserOf(e), item = interactions.ItemOf(e);
            if (item < 0 || !positive[e - cut] || held?.Contains(e) == false) continue;
            if (train.Users.Length(user) > 0 && train.Users.Row(user).BinarySearch(item) < 0) test.Add(new Entry(user, item));
        }

        return new Split(train, InteractionMatrix.Build(train.UserCount, train.ItemCount, test).Users);
    }

    /// <summary>The last interaction of each user of the window who has other interactions.</summary>
    private static HashSet<int> LastOfVisits(ITimedInteractions interactions, int cut, int end)
    {
        var last = new int[interactions.Users];
        var count = new int[interactions.Users];
        for (int e = 0; e < end; e++)
        {
            if (interactions.ItemOf(e) < 0) continue;
            last[interactions.UserOf(e)] = e;
            count[interactions.UserOf(e)]++;
        }

        return [.. Enumerable.Range(0, last.Length).Where(user => count[user] > 1 && last[user] >= cut).Select(user => last[user])];
    }
}
