using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore.Users;

/// <summary>Reads an encoded <see cref="UserState"/> in place, without allocation.</summary>
public readonly ref struct UserStateView
{
    private UserStateView(ReadOnlySpan<byte> bytes, int rank, int historyLength, int seenLength, int repeats)
    {
        Revision = BinaryPrimitives.ReadInt64BigEndian(bytes);
        ModelVersion = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        int history = UserState.HeaderBytes + (rank * sizeof(float)), seen = history + (historyLength * 16),
            repeated = seen + (seenLength * 8), classes = repeated + (repeats * 16);
        Factor = MemoryMarshal.Cast<byte, float>(bytes[UserState.HeaderBytes..history]);
        History = MemoryMarshal.Cast<byte, HistoryRecord>(bytes[history..seen]);
        Seen = MemoryMarshal.Cast<byte, SeenRecord>(bytes[seen..repeated]);
        Repeats = MemoryMarshal.Cast<byte, RepeatRecord>(bytes[repeated..classes]);
        HistoryClasses = bytes[classes..];
    }

    public long Revision { get; }
    public long ModelVersion { get; }
    public ReadOnlySpan<float> Factor { get; }
    public ReadOnlySpan<HistoryRecord> History { get; }

    /// <summary>See <see cref="UserState.Seen"/>.</summary>
    public ReadOnlySpan<SeenRecord> Seen { get; }

    /// <summary>See <see cref="UserState.Repeats"/>.</summary>
    public ReadOnlySpan<RepeatRecord> Repeats { get; }

    /// <summary>The <see cref="EventClass"/> of each record of the history; empty in values of the first format.</summary>
    public ReadOnlySpan<byte> HistoryClasses { get; }

    /// <summary>
    /// False for bytes that are not a complete value of a known format. Callers then treat the user as one without a value.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out UserStateView view)
    {
        view = default;
        if (bytes.Length < UserState.HeaderBytes || !UserState.IsKnownFormat(bytes[16])) return false;
        bool hasSeen = UserState.HasSeen(bytes[16]);
        int rank = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        int history = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
        int seen = hasSeen ? BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]) : 0;
        int repeats = UserState.HasRepeats(bytes[16]) ? bytes[17] : 0;
        if (rank < 0 || history < 0 || seen < 0) return false;
        long recordBytes = hasSeen ? 17 : 16;
        if (bytes.Length != UserState.HeaderBytes + ((long)rank * sizeof(float)) + (history * recordBytes) + (seen * 8L) + (repeats * 16L))
            return false;
        view = new UserStateView(bytes, rank, history, seen, repeats);
        return true;
    }
}
