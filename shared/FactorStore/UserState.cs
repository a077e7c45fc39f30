using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Recommender.Contracts;

namespace Recommender.FactorStore;

/// <summary>One history item of a user: the sum of their events on it, as the fold-in takes it. 16 bytes, little-endian in the value.</summary>
/// <param name="ItemKey">The store's permanent key of the item; holds across models.</param>
/// <param name="Weight">Confidence c &gt; 0, aged to the user's newest event.</param>
/// <param name="Target">p in 0..1: 1 where all events are positive, 0 where all are negative.</param>
/// <param name="LastAtSeconds">Newest event on the item, seconds since 1970.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct HistoryRecord(int ItemKey, float Weight, float Target, uint LastAtSeconds);

/// <summary>A user's factor for one model version and their history, newest first. Written by the Trainer, read once per request.</summary>
public sealed record UserState
{
    public required UserRef User { get; init; }

    /// <summary>The store's revision of the user's events.</summary>
    public required long Revision { get; init; }

    /// <summary>Model the factor belongs to; 0 when there was none, and then <see cref="Factor"/> is empty.</summary>
    public required long ModelVersion { get; init; }

    /// <summary><c>rank</c> numbers.</summary>
    public required ReadOnlyMemory<float> Factor { get; init; }

    public required ReadOnlyMemory<HistoryRecord> History { get; init; }

    /// <summary>Bytes before the factor. Revision and model version come first, big-endian, so that values compare as bytes.</summary>
    public const int HeaderBytes = 32;

    internal const byte FormatVersion = 1;

    /// <summary>
    /// Layout: revision (8, big-endian), model version (8, big-endian), format version (1), zero (3), rank (4), history length (4), zero (4),
    /// factor (4 × rank), history (16 each); little-endian after the first two.
    /// </summary>
    public byte[] Encode()
    {
        var bytes = new byte[HeaderBytes + Factor.Length * sizeof(float) + History.Length * 16];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteInt64BigEndian(span, Revision);
        BinaryPrimitives.WriteInt64BigEndian(span[8..], ModelVersion);
        span[16] = FormatVersion;
        BinaryPrimitives.WriteInt32LittleEndian(span[20..], Factor.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], History.Length);
        MemoryMarshal.AsBytes(Factor.Span).CopyTo(span[HeaderBytes..]);
        MemoryMarshal.AsBytes(History.Span).CopyTo(span[(HeaderBytes + Factor.Length * sizeof(float))..]);
        return bytes;
    }
}

/// <summary>Reads an encoded <see cref="UserState"/> in place. Allocates nothing.</summary>
public readonly ref struct UserStateView
{
    private UserStateView(ReadOnlySpan<byte> bytes, int rank, int historyLength)
    {
        Revision = BinaryPrimitives.ReadInt64BigEndian(bytes);
        ModelVersion = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        var body = bytes[UserState.HeaderBytes..];
        Factor = MemoryMarshal.Cast<byte, float>(body[..(rank * sizeof(float))]);
        History = MemoryMarshal.Cast<byte, HistoryRecord>(body.Slice(rank * sizeof(float), historyLength * 16));
    }

    public long Revision { get; }
    public long ModelVersion { get; }
    public ReadOnlySpan<float> Factor { get; }
    public ReadOnlySpan<HistoryRecord> History { get; }

    /// <summary>False for bytes that are not a whole value of a known format: the caller treats the user as having none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out UserStateView view)
    {
        view = default;
        if (bytes.Length < UserState.HeaderBytes || bytes[16] != UserState.FormatVersion) return false;
        int rank = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        int history = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
        if (rank < 0 || history < 0 || bytes.Length != UserState.HeaderBytes + (long)rank * sizeof(float) + (long)history * 16) return false;
        view = new UserStateView(bytes, rank, history);
        return true;
    }
}
