using System.Runtime.InteropServices;

namespace Recommender.FactorStore.Users;

/// <summary>
/// When a user last had an event of one type on one item. 8 bytes, little-endian in the value: key (4), type (1), time (3).
/// </summary>
/// <param name="ItemKey">The store's permanent key of the item.</param>
/// <param name="TypeAndTime">The <see cref="EventClass"/> in the lowest 8 bits, the <see cref="SeenTime"/> above.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct SeenRecord(int ItemKey, uint TypeAndTime)
{
    public SeenRecord(int itemKey, byte eventClass, uint time)
        : this(itemKey, eventClass | (time << 8))
    {
    }

    public byte Class => (byte)TypeAndTime;

    /// <summary>A <see cref="SeenTime"/>.</summary>
    public uint Time => TypeAndTime >> 8;
}
