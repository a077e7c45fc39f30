using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.FactorStore.Items;

/// <summary>
/// Encoding of items in Redis, with sizes in bytes. Attributes: version (8, big-endian), flags (1; bit 0: deleted), created (8,
/// milliseconds), length of the id (2), id, item as JSON or nothing. Statistics: version (8, big-endian), popularity (8), trend (8).
/// Factor: model version (8), numbers (4 each). All little-endian except the version.
/// </summary>
internal static class ItemEncoding
{
    private const int AttributesHeader = 8 + 1 + 8 + 2;

    public static byte[] Attributes(ItemRecord record)
    {
        byte[] json = record.Item is null ? [] : JsonSerializer.SerializeToUtf8Bytes(record.Item, ContractsJson.Default.Item);
        int idBytes = Encoding.UTF8.GetByteCount(record.ItemId);
        byte[] bytes = new byte[AttributesHeader + idBytes + json.Length];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteInt64BigEndian(span, record.Version);
        span[8] = record.Deleted ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(span[9..], record.CreatedAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt16LittleEndian(span[17..], checked((ushort)idBytes));
        Encoding.UTF8.GetBytes(record.ItemId, span[AttributesHeader..]);
        json.CopyTo(span[(AttributesHeader + idBytes)..]);
        return bytes;
    }

    public static byte[] Statistics(double popularity, double trend, long version)
    {
        byte[] bytes = new byte[24];
        BinaryPrimitives.WriteInt64BigEndian(bytes, version);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), popularity);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(16), trend);
        return bytes;
    }

    public static byte[] Factor(ItemFactorRecord record)
    {
        byte[] bytes = new byte[8 + record.Values.Length * sizeof(float)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, record.ModelVersion);
        MemoryMarshal.AsBytes(record.Values.Span).CopyTo(bytes.AsSpan(8));
        return bytes;
    }

    /// <summary>Length of the model's name (1), name, vector.</summary>
    public static byte[] Vector(ItemVector vector)
    {
        byte[] name = Encoding.UTF8.GetBytes(vector.Model);
        return [checked((byte)name.Length), .. name, .. vector.Bytes.Span];
    }

    private static ItemVector? ReadVector(ReadOnlySpan<byte> bytes) => bytes.IsEmpty || bytes.Length <= bytes[0] ? null
        : new(Encoding.UTF8.GetString(bytes.Slice(1, bytes[0])), bytes[(1 + bytes[0])..].ToArray());

    /// <param name="factor">Empty for an item without a factor.</param>
    /// <param name="vector">Empty for an item without a content vector.</param>
    /// <exception cref="InvalidDataException">Attributes or statistics are missing or truncated: Redis has evicted required
    /// data.</exception>
    public static ItemRecord Read(int itemKey, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> statistics,
        ReadOnlySpan<byte> factor = default, ReadOnlySpan<byte> vector = default)
    {
        int idBytes = attributes.Length < AttributesHeader ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(attributes[17..]);
        if (attributes.Length < AttributesHeader + idBytes || statistics.Length != 24)
            throw new InvalidDataException($"Item {itemKey} is incomplete in Redis. Its eviction policy must be noeviction or volatile-*; "
                + $"empty the database to have it rebuilt.");
        var json = attributes[(AttributesHeader + idBytes)..];
        return new ItemRecord
        {
            ItemKey = itemKey,
            ItemId = Encoding.UTF8.GetString(attributes.Slice(AttributesHeader, idBytes)),
            Item = json.IsEmpty ? null : JsonSerializer.Deserialize(json, ContractsJson.Default.Item),
            Deleted = attributes[8] != 0,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(attributes[9..])),
            Popularity = BinaryPrimitives.ReadDoubleLittleEndian(statistics[8..]),
            Trend = BinaryPrimitives.ReadDoubleLittleEndian(statistics[16..]),
            Factor = factor.Length < 8 ? null : new(BinaryPrimitives.ReadInt64LittleEndian(factor),
            MemoryMarshal.Cast<byte, float>(factor[8..]).ToArray()),
            TextVector = ReadVector(vector),
        };
    }
}
