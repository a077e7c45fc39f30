using Recommender.Factorization.Events;

namespace Recommender.Storage.Pairs;

/// <summary>
/// Computes the state of a pair of user and item from its events, by the rules of <see cref="EventWeights"/>. A reusable workspace; not
/// thread-safe.
/// </summary>
internal sealed class PairRules
{
    private readonly EventShares _shares = new();

    /// <summary>The pair's state; null if no event is a signal. It depends only on the events, not on their order of arrival.</summary>
    /// <param name="events">All events of the pair, by (occurredAt, sequence).</param>
    public PairState? StateOf(IReadOnlyList<PairEvent> events)
    {
        _shares.Clear();
        long newestMs = long.MinValue;
        bool isMixed = false, hasEffect = false;
        foreach (var e in events)
        {
            _shares.Add(0, e.Type, e.Settings, e.Value, e.AtMs);
            if (e.Effect == EventEffect.None) continue;
            hasEffect = true;
            isMixed |= e.Effect == EventEffect.Depends;
            newestMs = Math.Max(newestMs, e.AtMs);
        }

        if (!hasEffect) return null;
        var left = _shares.Compute();
        Preference sum = default;
        long? countsAtMs = null;
        for (int i = 0; i < events.Count; i++)
        {
            var e = events[i];
            // Ages are relative to the pair's newest event, so that a pair's state does not depend on other items.
            var preference = EventWeights.Of(e.Settings, e.Value, (newestMs - e.AtMs) / (double)TimeSpan.MillisecondsPerDay, left[i]);
            sum = sum.Add(preference);
            if (preference.IsPositive) countsAtMs = e.AtMs;
        }

        return new PairState(sum.IsPositive ? countsAtMs : null, isMixed);
    }
}
