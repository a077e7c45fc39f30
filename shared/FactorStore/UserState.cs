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

    /// <summary>
    /// The <see cref="EventClass"/> of each record of the history at its time. Empty: not known; the items of the history then hide for
    /// ever.
    /// </summary>
    public ReadOnlyMemory<byte> HistoryClasses { get; init; }

    /// <summary>
    /// Every pair of an item and an event type that is not in the history with its class: older types of its items, and all items beyond
    /// its length. By item key.
    /// </summary>
    public ReadOnlyMemory<SeenRecord> Seen { get; init; }

    /// <summary>Bytes before the factor. Revision and model version come first, big-endian, so that values compare as bytes.</summary>
    public const int HeaderBytes = 32;

    private const byte FormatWithoutSeen = 1, Format = 2;

    internal static bool IsKnownFormat(byte format) => format is FormatWithoutSeen or Format;

    internal static bool HasSeen(byte format) => format == Format;

    /// <summary>
    /// Layout: revision (8, big-endian), model version (8, big-endian), format version (1), zero (3), rank (4), history length (4), seen
    /// length (4), factor (4 × rank), history (16 each), seen (8 each), classes of the history (1 each); little-endian after the first two.
    /// Format 1 ends with the history and has 0 for the seen length.
    /// </summary>
    public byte[] Encode()
    {
        if (HistoryClasses.Length != 0 && HistoryClasses.Length != History.Length)
            throw new InvalidOperationException($"{HistoryClasses.Length} classes do not belong to a history of {History.Length} records.");
        var bytes = new byte[HeaderBytes + (Factor.Length * sizeof(float)) + (History.Length * 17) + (Seen.Length * 8)];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteInt64BigEndian(span, Revision);
        BinaryPrimitives.WriteInt64BigEndian(span[8..], ModelVersion);
        span[16] = Format;
        BinaryPrimitives.WriteInt32LittleEndian(span[20..], Factor.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], History.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[28..], Seen.Length);
        span = Append(span[HeaderBytes..], MemoryMarshal.AsBytes(Factor.Span));
        span = Append(span, MemoryMarshal.AsBytes(History.Span));
        span = Append(span, MemoryMarshal.AsBytes(Seen.Span));
        if (HistoryClasses.IsEmpty) span.Fill(EventClass.Unknown);
        else HistoryClasses.Span.CopyTo(span);
        return bytes;

        static Span<byte> Append(Span<byte> to, ReadOnlySpan<byte> part)
        {
            part.CopyTo(to);
            return to[part.Length..];
        }
    }
}

/// <summary>Reads an encoded <see cref="UserState"/> in place. Allocates nothing.</summary>
public readonly ref struct UserStateView
{
    private UserStateView(ReadOnlySpan<byte> bytes, int rank, int historyLength, int seenLength)
    {
        Revision = BinaryPrimitives.ReadInt64BigEndian(bytes);
        ModelVersion = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        int history = UserState.HeaderBytes + (rank * sizeof(float)), seen = history + (historyLength * 16),
            classes = seen + (seenLength * 8);
        Factor = MemoryMarshal.Cast<byte, float>(bytes[UserState.HeaderBytes..history]);
        History = MemoryMarshal.Cast<byte, HistoryRecord>(bytes[history..seen]);
        Seen = MemoryMarshal.Cast<byte, SeenRecord>(bytes[seen..classes]);
        HistoryClasses = bytes[classes..];
    }

    public long Revision { get; }
    public long ModelVersion { get; }
    public ReadOnlySpan<float> Factor { get; }
    public ReadOnlySpan<HistoryRecord> History { get; }

    /// <summary>See <see cref="UserState.Seen"/>.</summary>
    public ReadOnlySpan<SeenRecord> Seen { get; }

    /// <summary>The <see cref="EventClass"/> of each record of the history; empty in values of the first format.</summary>
    public ReadOnlySpan<byte> HistoryClasses { get; }

    /// <summary>False for bytes that are not a whole value of a known format: the caller treats the user as having none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out UserStateView view)
    {
        view = default;
        if (bytes.Length < UserState.HeaderBytes || !UserState.IsKnownFormat(bytes[16])) return false;
        bool hasSeen = UserState.HasSeen(bytes[16]);
        int rank = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        int history = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
        int seen = hasSeen ? BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]) : 0;
        if (rank < 0 || history < 0 || seen < 0) return false;
        long recordBytes = hasSeen ? 17 : 16;
        if (bytes.Length != UserState.HeaderBytes + ((long)rank * sizeof(float)) + (history * recordBytes) + (seen * 8L)) return false;
        view = new UserStateView(bytes, rank, history, seen);
        return true;
    }
}
