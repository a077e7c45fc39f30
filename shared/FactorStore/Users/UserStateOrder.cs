using System.Buffers.Binary;

namespace Recommender.FactorStore.Users;

/// <summary>
/// The order of encoded <see cref="UserState"/> values: their first 8 bytes, the revision; of two fold-ins of one revision the later write
/// stays,
/// since a rollback goes to a lower model version. An erased user is a value of 16 bytes alone, the revision of the erasure with the
/// highest
/// model version, which readers do not get to see and which nothing of its revision replaces.
/// </summary>
internal static class UserStateOrder
{
    public const int Bytes = 16;

    /// <summary>
    /// How long the mark of an erased user stays: longer than a fold-in may be under way unchecked (see the Trainer's Folding), and not so
    /// long
    /// that a minute after an erasure the id is still in a key.
    /// </summary>
    public const int ErasedSeconds = 45;

    public static bool Replaces(ReadOnlySpan<byte> value, ReadOnlySpan<byte> current)
    {
        int order = value[..8].SequenceCompareTo(current[..8]);
        return order > 0 || (order == 0 && BinaryPrimitives.ReadInt64BigEndian(current[8..]) != long.MaxValue);
    }

    public static byte[] Erased(long revision)
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(value, revision);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(8), long.MaxValue);
        return value;
    }

    public static byte[]? Visible(byte[]? value) => value is null || value.Length <= Bytes ? null : value;
}
