using System.Runtime.InteropServices;

namespace Recommender.Factorization.Sessions.Pairs;

/// <summary>
/// Which pairs of items the events of a group make: the events of one user with one session id, or those without. A pure function of the
/// set of events: they are ordered by (time, sequence), whatever the order of their arrival. Not safe for concurrent use.
/// </summary>
public abstract class PairCounter
{
    private readonly List<PairDelta> _before = [], _after = [];

    /// <summary>The pairs of an event depend on at most this many events before it.</summary>
    public abstract int Window { get; }

    /// <summary>Adds everything that a group counts.</summary>
    /// <param name="group">In order.</param>
    /// <param name="hasId">Whether the group has a session id.</param>
    public void Count(ReadOnlySpan<SessionEvent> group, bool hasId, List<PairDelta> deltas)
    {
        for (int at = 0; at < group.Length; at++) CountAt(group, at, hasId, isAdded: true, deltas);
    }

    /// <summary>Inserts an event into a group and adds what that changes. Events behind it may lose and gain pairs.</summary>
    /// <param name="group">In order. An event is affected by at most <see cref="Window"/> events before it, so the oldest may be missing if
    /// that many lie before the place of the new one.</param>
    /// <returns>The place of the event.</returns>
    public int Insert(List<SessionEvent> group, bool hasId, SessionEvent added, List<PairDelta> deltas)
    {
        int at = PlaceOf(group, added), affected = Math.Min(group.Count, at + Window);
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

    /// <summary>Adds the pairs that an event makes with events before it.</summary>
    protected abstract void CountAt(ReadOnlySpan<SessionEvent> group, int at, bool hasId, bool isAdded, List<PairDelta> deltas);

    /// <summary>Whether the item of the earlier event occurs again before the later one.</summary>
    protected static bool IsBetween(ReadOnlySpan<SessionEvent> group, int earlier, int later)
    {
        int item = group[earlier].Item;
        for (int p = earlier + 1; p < later; p++)
            if (group[p].Item == item) return true;
        return false;
    }
}
