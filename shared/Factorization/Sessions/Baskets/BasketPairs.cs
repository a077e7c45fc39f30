using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Factorization.Sessions.Baskets;

/// <summary>
/// Which pairs of items were bought in one basket. Rules:
/// <list type="bullet">
/// <item>A group with a session id is one basket. One without is cut where two neighbours are further apart than the gap.</item>
/// <item>An item counts once per basket, with its first purchase. A purchase is paired with the items of the
/// <see cref="BasketSettings.Window"/> purchases before it.</item>
/// <item>Each pair counts 1 / (k + c) in the rows of both items, where k is the number of items before in the basket, and c the damping.
/// A basket of n items then adds about 2n in all, not n²: rows are not filled by a few large orders. Quantities are
/// irrelevant.</item>
/// </list>
/// </summary>
/// <remarks>Not safe for concurrent use.</remarks>
public sealed class BasketPairs : PairCounter
{
    private readonly int[] _items;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public BasketPairs(BasketSettings settings)
    {
        settings.Validate();
        Settings = settings;
        _items = new int[settings.Window];
    }

    public BasketSettings Settings { get; }

    public override int Window => Settings.Window;

    protected override void CountAt(ReadOnlySpan<SessionEvent> group, int at, bool hasId, bool isAdded, List<PairDelta> deltas)
    {
        var later = group[at];
        int first = Math.Max(0, at - Window), count = 0;
        for (int p = at - 1; p >= first; p--)
        {
            if (!hasId && group[p + 1].OccurredAtMs - group[p].OccurredAtMs > Settings.GapMs) break;
            if (group[p].Item == later.Item) return;
            if (!_items.AsSpan(0, count).Contains(group[p].Item)) _items[count++] = group[p].Item;
        }

        float weight = (float)(1 / (count + Settings.Damping));
        foreach (int earlier in _items.AsSpan(0, count))
        {
            deltas.Add(new(earlier, later.Item, weight, later.OccurredAtMs, isAdded));
            deltas.Add(new(later.Item, earlier, weight, later.OccurredAtMs, isAdded));
        }
    }
}
