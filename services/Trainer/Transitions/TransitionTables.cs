using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Trainer.Transitions;

/// <summary>
/// Rows by their keys in the factor store: what followed an item, by the item's key, and what was bought together with it, by
/// <see cref="TransitionRowRecord.BasketKey"/>. For one thread at a time.
/// </summary>
public sealed class TransitionTables(TransitionSettings transitions, TransitionSettings baskets)
{
    private readonly TransitionTable _transitions = new(transitions), _baskets = new(baskets);

    /// <summary>Bytes of all rows.</summary>
    public long Bytes => _transitions.Bytes + _baskets.Bytes;

    /// <summary>Keys of the rows that are not empty.</summary>
    public IEnumerable<int> Keys
    {
        get
        {
            for (int item = 0; item < _transitions.ItemCount; item++) if (_transitions.HasRow(item)) yield return item;
            for (int item = 0; item < _baskets.ItemCount; item++)
                if (_baskets.HasRow(item)) yield return TransitionRowRecord.BasketKey(item);
        }
    }

    public bool HasRow(int rowKey) => TableOf(rowKey).HasRow(TransitionRowRecord.ItemOf(rowKey));

    /// <summary>Adds a pair to a row, or takes it back.</summary>
    public void Apply(int rowKey, in PairDelta delta)
    {
        if (delta.IsAdded) TableOf(rowKey).Add(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
        else TableOf(rowKey).Remove(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
    }

    public byte[] SaveRow(int rowKey) => TableOf(rowKey).SaveRow(TransitionRowRecord.ItemOf(rowKey));

    public void LoadRow(int rowKey, ReadOnlySpan<byte> saved) => TableOf(rowKey).LoadRow(TransitionRowRecord.ItemOf(rowKey), saved);

    private TransitionTable TableOf(int rowKey) => rowKey == TransitionRowRecord.ItemOf(rowKey) ? _transitions : _baskets;
}
