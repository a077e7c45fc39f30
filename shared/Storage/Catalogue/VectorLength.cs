using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The length of all vectors of a catalogue: that of the first vector, until the last one is removed.</summary>
/// <param name="length">Null if no item has a vector.</param>
/// <param name="count">Number of items with a vector.</param>
internal sealed class VectorLength(int? length, long count)
{
    public int? Length { get; private set; } = length;

    public long Count { get; private set; } = count;

    /// <summary>
    /// The error of the vector when an item replaces another, or null. An item may keep its length, because old catalogues may have
    /// several.
    /// </summary>
    public FieldError? ErrorOf(Item? before, Item? after) =>
        after?.Vector?.Count == before?.Vector?.Count ? null : Item.VectorError(after?.Vector?.Count, Length);

    /// <summary>Updates the count when an item replaces another.</summary>
    public void Replace(Item? before, Item? after)
    {
        Count += (after?.Vector is null ? 0 : 1) - (before?.Vector is null ? 0 : 1);
        Length = Count == 0 ? null : Length ?? after?.Vector?.Count;
    }
}
