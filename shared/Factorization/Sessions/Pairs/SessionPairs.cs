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
public sealed class SessionPairs : PairCounter
{
    private readonly float[] _weightOfDistance;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public SessionPairs(SessionPairSettings settings)
    {
        settings.Validate();
        Settings = settings;
        _weightOfDistance = [.. Enumerable.Range(0, settings.Window + 1).Select(
            d => (float)Math.Pow(Math.Max(d, 1), -settings.DistancePower))];
    }

    public SessionPairSettings Settings { get; }

    public override int Window => Settings.Window;

    protected override void CountAt(ReadOnlySpan<SessionEvent> group, int at, bool hasId, bool isAdded, List<PairDelta> deltas)
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
}
