using System.Runtime.InteropServices;

namespace Recommender.Storage.Events;

/// <summary>Compares hashes by content. All have the same length, at least 4 bytes.</summary>
internal sealed class HashComparer : IEqualityComparer<byte[]>
{
    public static readonly HashComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] bytes) => MemoryMarshal.Read<int>(bytes);
}
