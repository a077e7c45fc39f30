using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore;

/// <summary>
/// A model as registry and factor store keep it: which item each row stands for, and the model's own bytes, which only the learning
/// library reads. <c>ItemKeys[index]</c> is the store's key of the item; rows are in ordinal order of item ids.
/// </summary>
public sealed record ModelPackage(int[] ItemKeys, ReadOnlyMemory<byte> Model)
{
    private const uint Magic = 0x314B5052; // "RPK1"

    /// <summary>Layout: magic (4), number of items n (4), keys (4n), model (the rest); little-endian.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[8 + (long)ItemKeys.Length * sizeof(int) + Model.Length];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], ItemKeys.Length);
        MemoryMarshal.AsBytes(ItemKeys.AsSpan()).CopyTo(span[8..]);
        Model.Span.CopyTo(span[(8 + ItemKeys.Length * sizeof(int))..]);
        return bytes;
    }

    /// <exception cref="InvalidDataException">Not a model package, or cut short.</exception>
    public static ModelPackage Decode(byte[] bytes)
    {
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            throw new InvalidDataException("These bytes are not a model package.");
        int items = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        long modelStart = 8 + (long)items * sizeof(int);
        if (items < 0 || modelStart > bytes.Length) throw new InvalidDataException("The model package is cut short.");
        var keys = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(8, items * sizeof(int))).ToArray();
        return new ModelPackage(keys, bytes.AsMemory((int)modelStart));
    }
}
