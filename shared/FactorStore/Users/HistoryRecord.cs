using System.Runtime.InteropServices;

namespace Recommender.FactorStore.Users;

/// <summary>One history item of a user: the combined events on it, for fold-in. 16 bytes, little-endian in the value.</summary>
/// <param name="ItemKey">The store's permanent key of the item, independent of models.</param>
/// <param name="Weight">Confidence c &gt; 0, aged to the user's newest event.</param>
/// <param name="Target">p in 0..1: 1 where all events are positive, 0 where all are negative.</param>
/// <param name="LastAtSeconds">Newest event on the item, seconds since 1970.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct HistoryRecord(int ItemKey, float Weight, float Target, uint LastAtSeconds);
