using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Recommender.Contracts;

namespace Recommender.FactorStore.Users;

/// <summary>A user's factor for one model version and their history, newest first. Written by the Trainer, read once per request.</summary>
public sealed record UserState
{
    public required UserRef User { get; init; }

    /// <summary>The store's revision of the user's events.</summary>
    public required long Revision { get; init; }

    /// <summary>Model of the factor; 0 without a model, and then <see cref="Factor"/> is empty.</summary>
    public required long ModelVersion { get; init; }

    /// <summary><c>rank</c> numbers.</summary>
    public required ReadOnlyMemory<float> Factor { get; init; }

    public required ReadOnlyMemory<HistoryRecord> History { get; init; }

    /// <summary>
    /// The <see cref="EventClass"/> of each record of the history at its time. Empty: unknown; the items of the history are then hidden
    /// without a time limit.
    /// </summary>
    public ReadOnlyMemory<byte> HistoryClasses { get; init; }

    /// <summary>
    /// Pairs of item and event type that are not in the history with their class: other types of its items, and all items beyond its
    /// length. Ordered by item key.
    /// </summary>
    public ReadOnlyMemory<SeenRecord> Seen { get; init; }

    /// <summary>Items that the user bought repeatedly, at most <see cref="RepeatRecord.Limit"/>.</summary>
    public ReadOnlyMemory<RepeatRecord> Repeats { get; init; }

    /// <summary>
    /// Number of bytes before the factor. Revision and model version are first and big-endian, so that values can be compared as bytes.
    /// </summary>
    public const int HeaderBytes = 32;

    private const byte FormatWithoutSeen = 1, FormatWithoutRepeats = 2, Format = 3;

    internal static bool IsKnownFormat(byte format) => format is FormatWithoutSeen or FormatWithoutRepeats or Format;

    internal static bool HasSeen(byte format) => format >= FormatWithoutRepeats;

    internal static bool HasRepeats(byte format) => format == Format;

    /// <summary>
    /// Layout: revision (8, big-endian), model version (8, big-endian), format version (1), number of repeats (1), zero (2), rank (4),
    /// history length (4), seen length (4), factor (4 × rank), history (16 each), seen (8 each), repeats (16 each), classes of the history
    /// (1 each); little-endian after the first two. Format 2 has no repeats. Values without any are written in it, so that earlier programs
    /// read them. Format 1 ends with the history and has 0 for the seen length.
    /// </summary>
    public byte[] Encode()
    {
        if (HistoryClasses.Length != 0 && HistoryClasses.Length != History.Length)
            throw new InvalidOperationException($"{HistoryClasses.Length} classes do not belong to a history of {History.Length} records.");
        if (Repeats.Length > RepeatRecord.Limit)
            throw new InvalidOperationException($"{Repeats.Length} repeats are more than the {RepeatRecord.Limit} that a value holds.");
        var bytes = new byte[HeaderBytes + (Factor.Length * sizeof(float)) + (History.Length * 17) + (Seen.Length * 8)
            + (Repeats.Length * 16)];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteInt64BigEndian(span, Revision);
        BinaryPrimitives.WriteInt64BigEndian(span[8..], ModelVersion);
        span[16] = Repeats.IsEmpty ? FormatWithoutRepeats : Format;
        span[17] = (byte)Repeats.Length;
        BinaryPrimitives.WriteInt32LittleEndian(span[20..], Factor.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], History.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[28..], Seen.Length);
        span = Append(span[HeaderBytes..], MemoryMarshal.AsBytes(Factor.Span));
        span = Append(span, MemoryMarshal.AsBytes(History.Span));
        span = Append(span, MemoryMarshal.AsBytes(Seen.Span));
        span = Append(span, MemoryMarshal.AsBytes(Repeats.Span));
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
