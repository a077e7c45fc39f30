using System.Buffers.Binary;

namespace Recommender.FactorStore.Users;

/// <summary>
/// The order of encoded <see cref="UserState"/> values by revision, their first 8 bytes. Of two fold-ins of one revision the later write
/// wins, because a rollback has a lower model version. The mark of an erased user is a value of 16 bytes: the revision of the erasure and
/// the highest model version. Readers do not see it, and no value of its revision replaces it.
/// </summary>
internal static class UserStateOrder
{
    public const int Bytes = 16;

    /// <summary>
    /// Lifetime of the mark of an erased user: longer than a fold-in can be in progress without a check (see the Trainer's Folding), and
    /// short enough that the id is not in a key a minute after an erasure.
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
