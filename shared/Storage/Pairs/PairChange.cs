using Recommender.Factorization.Events;

namespace Recommender.Storage.Pairs;

/// <summary>The change of one pair of user and item by a batch of new events.</summary>
internal sealed class PairChange(int userKey, int itemKey)
{
    private long _newestMs = long.MinValue;
    private bool _depends;

    public int UserKey => userKey;
    public int ItemKey => itemKey;

    /// <summary>The pair's state before the batch; null without earlier signals.</summary>
    public PairState? Before { get; set; }

    public PairState? After { get; private set; }

    /// <summary>New events that are signals, in the order of their sequences.</summary>
    public List<PairEvent> Added { get; } = new(1);

    /// <summary>Whether <see cref="Settle"/> needs the pair's events from before the batch.</summary>
    public bool NeedsEarlierEvents => Before is { } before && (_depends || before.IsMixed);

    public void Add(PairEvent e)
    {
        var effect = e.Effect;
        if (effect == EventEffect.None) return;
        Added.Add(e);
        _depends |= effect == EventEffect.Depends;
        _newestMs = Math.Max(_newestMs, e.AtMs);
    }

    /// <summary>Computes <see cref="After"/>.</summary>
    /// <param name="earlier">The pair's events from before the batch, if <see cref="NeedsEarlierEvents"/>.</param>
    public void Settle(PairRules rules, IReadOnlyList<PairEvent> earlier)
    {
        if (!_depends && Before is not { IsMixed: true })
            After = new PairState(Math.Max(_newestMs, Before?.CountsAtMs ?? long.MinValue), IsMixed: false);
        else
            // A stable sort: events of equal time stay in order of sequence.
            After = rules.StateOf([.. earlier.Concat(Added).OrderBy(e => e.AtMs)]);
    }
}
