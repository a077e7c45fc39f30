using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore.Users;

/// <summary>A user and the start of their value, which includes the factor.</summary>
/// <param name="Start">At least the header. The bytes are shared and must not be changed.</param>
public readonly record struct UserFactor(string UserId, ReadOnlyMemory<byte> Start)
{
    public long ModelVersion => BinaryPrimitives.ReadInt64BigEndian(Start.Span[8..]);

    /// <summary>Number of bytes at the start of a value that include a factor of a rank.</summary>
    internal static int Bytes(int rank) => UserState.HeaderBytes + (rank * sizeof(float));

    /// <summary>Reads the factor. False if the user has none of this model and rank.</summary>
    public bool TryRead(long modelVersion, int rank, out ReadOnlySpan<float> factor)
    {
        factor = default;
        var bytes = Start.Span;
        if (bytes.Length < Bytes(rank) || !UserState.IsKnownFormat(bytes[16]) || ModelVersion != modelVersion) return false;
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]) != rank) return false;
        factor = MemoryMarshal.Cast<byte, float>(bytes[UserState.HeaderBytes..Bytes(rank)]);
        return true;
    }
}
