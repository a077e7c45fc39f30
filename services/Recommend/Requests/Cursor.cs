using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Recommender.Contracts;

namespace Recommender.Recommend.Requests;

/// <summary>
/// Where a reader of pages has got to: the store keys of every item the earlier pages showed, nothing else. The following page has
/// the best of the remaining items, so pages neither repeat nor skip an item, even if model, events or catalogue change in between. Any
/// instance can continue, because nothing is kept on the server.
/// </summary>
/// <remarks>
/// Bytes: version (1), FNV-1a checksum of the rest (4), then the keys ascending, each as the difference to the one before in 7-bit groups;
/// Base64url.
/// Keys are no secret and a forged cursor only changes its sender's own page, so it carries a checksum and no signature.
/// </remarks>
internal static class Cursor
{
    private const byte Version = 1;
    private const int HeaderBytes = 5;

    /// <summary>Writes a cursor.</summary>
    /// <param name="keys">Distinct store keys in any order; sorted in place.</param>
    /// <param name="scratch">At least <see cref="ScratchBytes"/> long.</param>
    /// <param name="text">At least <see cref="TextBytes"/> long.</param>
    /// <returns>Bytes written to <paramref name="text"/>.</returns>
    public static int Write(Span<int> keys, Span<byte> scratch, Span<byte> text)
    {
        keys.Sort();
        int length = HeaderBytes;
        int previous = 0;
        foreach (int key in keys)
        {
            uint difference = (uint)(key - previous);
            previous = key;
            for (; difference >= 0x80; difference >>= 7) scratch[length++] = (byte)(difference | 0x80);
            scratch[length++] = (byte)difference;
        }

        scratch[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(scratch[1..], Checksum(scratch[HeaderBytes..length]));
        return Base64Url.EncodeToUtf8(scratch[..length], text);
    }

    public static int ScratchBytes(int keys) => HeaderBytes + keys * 5;

    public static int TextBytes(int keys) => Base64Url.GetEncodedLength(ScratchBytes(keys));

    /// <summary>Reads a cursor.</summary>
    /// <param name="keys">Receives every key, known or not: the next cursor carries them on.</param>
    /// <returns>False for a text that is no cursor of ours.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, List<int> keys)
    {
        keys.Clear();
        if (text.IsEmpty || text.Length > TextBytes(Limits.PagedItems)) return false;
        byte[] bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out int length) != OperationStatus.Done) return false;
        var body = bytes.AsSpan(0, length);
        if (length < HeaderBytes || body[0] != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(body[1..]) != Checksum(body[HeaderBytes..])) return false;
        long key = 0;
        for (int at = HeaderBytes; at < length;)
        {
            uint difference = 0;
            for (int shift = 0; ; shift += 7)
            {
                if (at == length || shift > 28) return false;
                byte group = body[at++];
                difference |= (uint)(group & 0x7F) << shift;
                if (group < 0x80) break;
            }

            key += difference;
            if (key > int.MaxValue || keys.Count == Limits.PagedItems) return false;
            keys.Add((int)key);
        }

        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint hash = 2166136261;
        foreach (byte b in bytes) hash = (hash ^ b) * 16777619;
        return hash;
    }
}
