using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The one length of the vectors of a catalogue. It is that of the first vector, until the last one is removed.</summary>
/// <param name="length">Null when no item has a vector.</param>
/// <param name="count">Items that have a vector.</param>
internal sealed class VectorLength(int? length, long count)
{
    public int? Length { get; private set; } = length;

    public long Count { get; private set; } = count;

    /// <summary>
    /// The reason to refuse the vector of an item that takes the place of another, or null. An item keeps the length it has: catalogues
    /// from before this rule hold several.
    /// </summary>
    public FieldError? ErrorOf(Item? before, Item? after) =>
        after?.Vector?.Count == before?.Vector?.Count ? null : Item.VectorError(after?.Vector?.Count, Length);

    /// <summary>Counts an item that takes the place of another.</summary>
    public void Replace(Item? before, Item? after)
    {
        Count += (after?.Vector is null ? 0 : 1) - (before?.Vector is null ? 0 : 1);
        Length = Count == 0 ? null : Length ?? after?.Vector?.Count;
    }
}
