using System.Runtime.InteropServices;

namespace Recommender.FactorStore.Users;

/// <summary>An item that a user bought repeatedly. 16 bytes, little-endian in the value.</summary>
/// <param name="ItemKey">The store's permanent key of the item.</param>
/// <param name="Purchases">2 or more.</param>
/// <param name="IntervalSeconds">Mean time between two purchases, above 0.</param>
/// <param name="LastAtSeconds">Newest purchase, seconds since 1970.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RepeatRecord(int ItemKey, int Purchases, uint IntervalSeconds, uint LastAtSeconds)
{
    /// <summary>Items per user at most.</summary>
    public const int Limit = 64;
}
