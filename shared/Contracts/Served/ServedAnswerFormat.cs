using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Recommender.Contracts.Served;

/// <summary>
/// Served answers as bytes. A message on the broker is a version byte and records. A record is its length, the id, the time, the subject
/// and the body. The store keeps the body. Whole numbers are in LEB128, scores are float32, both little-endian; texts are UTF-8 with their
/// length.
/// </summary>
public static class ServedAnswerFormat
{
    private const byte Version = 1;
    private const byte Nobody = 0, User = 1, Session = 2;
    private const int LongestNumber = 10;

    /// <summary>Sources by their number in a body. New ones are added at the end.</summary>
    private static readonly string[] s_sources = [Sources.Personal, Sources.Session, Sources.Similar, Sources.Together, Sources.Again,
        Sources.Recent, Sources.Trending, Sources.Popular, Sources.Latest, Sources.Search];

    /// <summary>Starts a message.</summary>
    public static void Begin(ArrayBufferWriter<byte> message)
    {
        message.ResetWrittenCount();
        message.Write([Version]);
    }

    /// <summary>Adds a record to a message.</summary>
    public static void Append(ArrayBufferWriter<byte> message, ServedAnswer answer)
    {
        string subject = answer.Subject?.Id ?? "", placement = answer.Placement ?? "";
        int longest = RecommendationId.Bytes + (8 * LongestNumber) + (3 * (subject.Length + placement.Length)) + 8
            + (answer.Count * (LongestNumber + sizeof(float)));
        // The length comes first; it is known last.
        var room = message.GetSpan(longest + LongestNumber);
        var record = room[LongestNumber..];
        BinaryPrimitives.WriteUInt128LittleEndian(record, answer.Id.Value);
        int at = RecommendationId.Bytes;
        at += WriteNumber(record[at..], answer.AtMs);
        record[at++] = answer.Subject switch { null => Nobody, { IsSession: true } => Session, _ => User };
        at += WriteText(record[at..], subject);
        at += WriteBody(record[at..], answer, placement);
        Span<byte> length = stackalloc byte[LongestNumber];
        int lengthBytes = WriteNumber(length, at);
        record[..at].CopyTo(room[lengthBytes..]);
        length[..lengthBytes].CopyTo(room);
        message.Advance(lengthBytes + at);
    }

    /// <summary>The records of a message, each with its body as it is stored.</summary>
    /// <exception cref="InvalidDataException">The message is not of this format.</exception>
    public static List<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> Read(ReadOnlyMemory<byte> message)
    {
        if (message.IsEmpty || message.Span[0] != Version)
            throw new InvalidDataException("These are no served answers, or ones of a newer program.");
        var answers = new List<(ServedAnswer, ReadOnlyMemory<byte>)>();
        for (int from = 1; from < message.Length;)
        {
            int length = (int)ReadNumber(message.Span, ref from);
            if (length < RecommendationId.Bytes || length > message.Length - from) throw CutShort();
            answers.Add(ReadRecord(message.Slice(from, length)));
            from += length;
        }

        return answers;
    }

    /// <summary>Reads the body as it is stored into an answer, whose id, time and subject stay as they are.</summary>
    /// <exception cref="InvalidDataException">The body is not of this format.</exception>
    public static void ReadBody(ReadOnlySpan<byte> body, ServedAnswer answer)
    {
        int at = 0;
        answer.Kind = (AnswerKind)ReadNumber(body, ref at);
        long source = ReadNumber(body, ref at);
        answer.Source = source < s_sources.Length ? s_sources[source] : throw new InvalidDataException($"Source {source} is unknown.");
        answer.Placement = ReadText(body, ref at) is { Length: > 0 } placement ? placement : null;
        answer.ModelVersion = ReadNumber(body, ref at);
        answer.Share = ReadFloat(body, ref at);
        int count = (int)ReadNumber(body, ref at);
        if (count < 0 || count > body.Length) throw CutShort();
        answer.Begin(count);
        for (int i = 0; i < count; i++) answer.Add(new ServedItem((int)ReadNumber(body, ref at), ReadFloat(body, ref at)));
    }

    private static int WriteBody(Span<byte> to, ServedAnswer answer, string placement)
    {
        int at = WriteNumber(to, (long)answer.Kind);
        at += WriteNumber(to[at..], Array.IndexOf(s_sources, answer.Source));
        at += WriteText(to[at..], placement);
        at += WriteNumber(to[at..], answer.ModelVersion);
        at += WriteFloat(to[at..], answer.Share);
        at += WriteNumber(to[at..], answer.Count);
        foreach (var item in answer.Items)
        {
            at += WriteNumber(to[at..], item.ItemKey);
            at += WriteFloat(to[at..], item.Score);
        }

        return at;
    }

    private static (ServedAnswer Answer, ReadOnlyMemory<byte> Body) ReadRecord(ReadOnlyMemory<byte> record)
    {
        var span = record.Span;
        int at = RecommendationId.Bytes;
        var answer = new ServedAnswer
        {
            Id = new(BinaryPrimitives.ReadUInt128LittleEndian(span)),
            AtMs = ReadNumber(span, ref at),
        };
        long subject = ReadNumber(span, ref at);
        string id = ReadText(span, ref at);
        answer.Subject = subject switch
        {
            Nobody => null,
            User => UserRef.User(id),
            Session => UserRef.Session(id),
            _ => throw new InvalidDataException($"A subject of kind {subject} is unknown."),
        };
        var body = record[at..];
        ReadBody(body.Span, answer);
        return (answer, body);
    }

    private static int WriteNumber(Span<byte> to, long value)
    {
        int at = 0;
        ulong rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7) to[at++] = (byte)(rest | 0x80);
        to[at++] = (byte)rest;
        return at;
    }

    private static int WriteFloat(Span<byte> to, float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(to, value);
        return sizeof(float);
    }

    private static int WriteText(Span<byte> to, string text)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        int at = WriteNumber(to, bytes);
        return at + Encoding.UTF8.GetBytes(text, to[at..]);
    }

    private static long ReadNumber(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at >= from.Length) throw CutShort();
            byte next = from[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return (long)value;
        }

        throw new InvalidDataException("A number of a served answer is too long.");
    }

    private static float ReadFloat(ReadOnlySpan<byte> from, ref int at)
    {
        if (from.Length - at < sizeof(float)) throw CutShort();
        at += sizeof(float);
        return BinaryPrimitives.ReadSingleLittleEndian(from[(at - sizeof(float))..]);
    }

    private static string ReadText(ReadOnlySpan<byte> from, ref int at)
    {
        long bytes = ReadNumber(from, ref at);
        if (bytes < 0 || bytes > from.Length - at) throw CutShort();
        at += (int)bytes;
        return Encoding.UTF8.GetString(from.Slice(at - (int)bytes, (int)bytes));
    }

    private static InvalidDataException CutShort() => new("A served answer is cut short.");
}
