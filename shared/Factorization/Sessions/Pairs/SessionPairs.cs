using System.Runtime.InteropServices;

namespace Recommender.Factorization.Sessions.Pairs;

/// <summary>
/// Which pairs of items the events of a user make. A pure function of the set of events: they are ordered by (time, sequence), whatever the
/// order of their arrival. Rules:
/// <list type="bullet">
/// <item>A <b>group</b> holds the events of one user with one session id, or those without. Events of different groups make no
/// pairs.</item>
/// <item>A group with a session id is one session. One without is cut where two neighbours are further apart than the gap.</item>
/// <item>An event is paired with the <see cref="SessionPairSettings.Window"/> events before it in its session, of each item with the
/// nearest. An item makes no pair with itself.</item>
/// <item>"j came after i", d places apart, counts d^−q × the weight of the event on j in the row of i. "i came before j" counts the weight
/// of the event on i in the row of j, reduced by <see cref="SessionPairSettings.Backward"/>.</item>
/// </list>
/// </summary>
/// <remarks>Not safe for concurrent use.</remarks>
public sealed class SessionPairs
{
    private readonly float[] _weightOfDistance;
    private readonly List<PairDelta> _before = [], _after = [];

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public SessionPairs(SessionPairSettings settings)
    {
        settings.Validate();
        Settings = settings;
        _weightOfDistance = [.. Enumerable.Range(0, settings.Window + 1).Select(
            d => (float)Math.Pow(Math.Max(d, 1), -settings.DistancePower))];
    }

    public SessionPairSettings Settings { get; }

    /// <summary>Adds everything that a group counts.</summary>
    /// <param name="group">In order.</param>
    /// <param name="hasId">Whether the group has a session id.</param>
    public void Count(ReadOnlySpan<SessionEvent> group, bool hasId, List<PairDelta> deltas)
    {
        for (int at = 0; at < group.Length; at++) CountAt(group, at, hasId, isAdded: true, deltas);
    }

    /// <summary>Inserts an event into a group and adds what that changes. Events behind it may lose and gain pairs.</summary>
    /// <param name="group">In order. An event is affected by at most <see cref="SessionPairSettings.Window"/> events before it, so the
    /// oldest may be missing if that many lie before the place of the new one.</param>
    /// <returns>The place of the event.</returns>
    public int Insert(List<SessionEvent> group, bool hasId, SessionEvent added, List<PairDelta> deltas)
    {
        int at = PlaceOf(group, added), affected = Math.Min(group.Count, at + Settings.Window);
        if (affected == at)
        {
            group.Insert(at, added);
            CountAt(CollectionsMarshal.AsSpan(group), at, hasId, isAdded: true, deltas);
            return at;
        }

        _before.Clear();
        _after.Clear();
        for (int q = at; q < affected; q++) CountAt(CollectionsMarshal.AsSpan(group), q, hasId, isAdded: false, _before);
        group.Insert(at, added);
        for (int q = at; q <= affected; q++) CountAt(CollectionsMarshal.AsSpan(group), q, hasId, isAdded: true, _after);
        // What stays as it was is neither taken back nor added again: that would round.
        foreach (var gone in _before)
            if (!_after.Remove(gone with { IsAdded = true })) deltas.Add(gone);
        deltas.AddRange(_after);
        return at;
    }

    /// <summary>The place that an event has in a group, or would have.</summary>
    public static int PlaceOf(List<SessionEvent> group, SessionEvent added)
    {
        // Nearly always that is the end.
        int at = group.Count;
        while (at > 0 && group[at - 1] > added) at--;
        return at;
    }

    private void CountAt(ReadOnlySpan<SessionEvent> group, int at, bool hasId, bool isAdded, List<PairDelta> deltas)
    {
        var later = group[at];
        int first = Math.Max(0, at - Settings.Window);
        for (int p = at - 1; p >= first; p--)
        {
            var earlier = group[p];
            if (!hasId && group[p + 1].OccurredAtMs - earlier.OccurredAtMs > Settings.GapMs) return;
            if (earlier.Item == later.Item || IsBetween(group, p, at)) continue;
            float weight = _weightOfDistance[at - p];
            deltas.Add(new(earlier.Item, later.Item, weight * later.Weight, later.OccurredAtMs, isAdded));
            if (Settings.Backward > 0)
                deltas.Add(new(later.Item, earlier.Item, (float)Settings.Backward * weight * earlier.Weight, later.OccurredAtMs, isAdded));
        }
    }

    /// <summary>Whether the item of the earlier event occurs again before the later one.</summary>
    private static bool IsBetween(ReadOnlySpan<SessionEvent> group, int earlier, int later)
    {
        int item = group[earlier].Item;
        for (int p = earlier + 1; p < later; p++)
            if (group[p].Item == item) return true;
        return false;
    }
}
