using System.Buffers.Binary;

namespace Recommender.FactorStore;

/// <summary>
/// The order of encoded <see cref="UserState"/> values: their first 16 bytes. An erased user is a value of these 16 bytes alone,
/// the revision of the erasure with the highest model version, which readers do not get to see.
/// </summary>
internal static class UserStateOrder
{
    public const int Bytes = 16;

    public static bool IsNewer(ReadOnlySpan<byte> value, ReadOnlySpan<byte> current) => value[..Bytes].SequenceCompareTo(current[..Bytes]) > 0;

    public static byte[] Erased(long revision)
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(value, revision);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(8), long.MaxValue);
        return value;
    }

    public static byte[]? Visible(byte[]? value) => value is null || value.Length <= Bytes ? null : value;
}
