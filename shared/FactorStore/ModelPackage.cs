using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore;

/// <summary>
/// A model as registry and factor store keep it: which item each row stands for, the factors of some users, and the model's own bytes, which
/// only the learning library reads. <c>ItemKeys[index]</c> is the store's key of the item; rows are in ordinal order of item ids.
/// </summary>
public sealed record ModelPackage(int[] ItemKeys, ReadOnlyMemory<byte> Model)
{
    private const uint Magic = 0x314B5052; // "RPK1"
    private const uint MagicWithUsers = 0x324B5052; // "RPK2"

    /// <summary>
    /// Factors of users the model was trained with, one after another and without their names: what searches will be like, for an index to be
    /// calibrated with. Empty: not known.
    /// </summary>
    public float[] SampleUsers { get; init; } = [];

    /// <summary>Layout: magic (4), number of items n (4), number m of the sample's floats (4), keys (4n), sample (4m), model (the rest); little-endian.</summary>
    public byte[] Encode()
    {
        long start = 12 + ((long)ItemKeys.Length + SampleUsers.Length) * sizeof(int);
        var bytes = new byte[start + Model.Length];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, MagicWithUsers);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], ItemKeys.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], SampleUsers.Length);
        MemoryMarshal.AsBytes(ItemKeys.AsSpan()).CopyTo(span[12..]);
        MemoryMarshal.AsBytes(SampleUsers.AsSpan()).CopyTo(span[(12 + ItemKeys.Length * sizeof(int))..]);
        Model.Span.CopyTo(span[(int)start..]);
        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote, now or before packages held users.</summary>
    /// <exception cref="InvalidDataException">Not a model package, or cut short.</exception>
    public static ModelPackage Decode(byte[] bytes)
    {
        uint magic = bytes.Length < 12 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (magic is not (Magic or MagicWithUsers)) throw new InvalidDataException("These bytes are not a model package.");
        int keysStart = magic == Magic ? 8 : 12;
        int items = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        int floats = magic == Magic ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        long usersStart = keysStart + (long)items * sizeof(int), modelStart = usersStart + (long)floats * sizeof(float);
        if (items < 0 || floats < 0 || modelStart > bytes.Length) throw new InvalidDataException("The model package is cut short.");
        var keys = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(keysStart, items * sizeof(int))).ToArray();
        var users = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)usersStart, floats * sizeof(float))).ToArray();
        return new ModelPackage(keys, bytes.AsMemory((int)modelStart)) { SampleUsers = users };
    }
}
