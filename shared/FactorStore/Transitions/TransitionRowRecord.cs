namespace Recommender.FactorStore.Transitions;

/// <summary>The transition row of an item as a value: it is written whole, never changed by a part.</summary>
/// <param name="Recount">The store's revision at which the row was last counted from the store. A row that was counted later replaces every
/// row that was counted earlier, since the earlier one may hold events that have left the store.</param>
/// <param name="Sequence">The row includes every event up to this sequence.</param>
/// <param name="Row">As <c>TransitionTable.SaveRow</c> writes it. An empty row is a row without entries.</param>
public readonly record struct TransitionRowRecord(int ItemKey, long Recount, long Sequence, ReadOnlyMemory<byte> Row)
{
    private const int FirstBasketKey = 1 << 24;

    /// <summary>Whether the row states what was bought together with an item, not what followed it.</summary>
    public bool IsBasket => ItemKey >= FirstBasketKey;

    /// <summary>The item of a row, whatever the row states. Not for rows of what happened recently.</summary>
    public int Item => ItemOf(ItemKey);

    /// <summary>In place of an item key: the row of what was bought together with an item.</summary>
    /// <param name="itemKey">Below 2^24.</param>
    public static int BasketKey(int itemKey) => FirstBasketKey + itemKey;

    /// <summary>The item of the key of a row.</summary>
    public static int ItemOf(int rowKey) => rowKey >= FirstBasketKey ? rowKey - FirstBasketKey : rowKey;

    /// <summary>In place of an item key: the row of what happened recently, whichever item was before.</summary>
    /// <param name="scale">0, 1, …: the half-life, shortest first.</param>
    public static int RecentKey(int scale) => -1 - scale;

    /// <summary>The half-life of a row of what happened recently; −1 for the row of an item.</summary>
    public int RecentScale => ItemKey < 0 ? -1 - ItemKey : -1;
}
