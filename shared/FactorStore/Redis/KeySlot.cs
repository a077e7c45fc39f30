using System.Text;

namespace Recommender.FactorStore.Redis;

/// <summary>The slot of a key in a Redis Cluster: CRC16 (XMODEM) of the key, or of its hash tag, modulo the number of slots.</summary>
/// <remarks>Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, key distribution model.</remarks>
internal static class KeySlot
{
    public const int Count = 16_384;

    private const int StackBytes = 1024;
    private static readonly ushort[] s_table = Table();

    /// <summary>The slot of the concatenation of both parts.</summary>
    public static int Of(ReadOnlySpan<char> prefix, ReadOnlySpan<char> id)
    {
        int most = Encoding.UTF8.GetMaxByteCount(prefix.Length + id.Length);
        Span<byte> key = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        int length = Encoding.UTF8.GetBytes(prefix, key);
        length += Encoding.UTF8.GetBytes(id, key[length..]);
        return Of(key[..length]);
    }

    private static int Of(ReadOnlySpan<byte> key)
    {
        // The tag ends at the first closing brace after the first opening one. Empty braces are not a tag.
        int open = key.IndexOf((byte)'{');
        int tagged = open < 0 ? 0 : key[(open + 1)..].IndexOf((byte)'}');
        if (tagged > 0) key = key.Slice(open + 1, tagged);
        ushort crc = 0;
        foreach (byte b in key) crc = (ushort)((crc << 8) ^ s_table[(crc >> 8) ^ b]);
        return crc % Count;
    }

    private static ushort[] Table()
    {
        const int polynomial = 0x1021;
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ polynomial : crc << 1;
            table[i] = (ushort)crc;
        }

        return table;
    }
}
