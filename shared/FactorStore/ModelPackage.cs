using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore;

/// <summary>
/// A model as registry and factor store keep it: which item each row stands for, the factors of some users, and the model's own bytes, which
/// only the learning library reads. <c>ItemKeys[index]</c> is the store's key of the item; rows are in ordinal order of item ids.
/// </summary>
/// <param name="Placement">What gives factors to items that come after the training; empty where there is nothing.</param>
public sealed record ModelPackage(int[] ItemKeys, ReadOnlyMemory<byte> Model, ReadOnlyMemory<byte> Placement = default)
{
    private const uint Magic = 0x314B5052; // "RPK1": header of 8 bytes
    private const uint MagicWithUsers = 0x324B5052; // "RPK2": header of 12 bytes
    private const uint MagicWithPlacement = 0x334B5052; // "RPK3"
    private const int Header = 20;

    /// <summary>
    /// Factors of users the model was trained with, one after another and without their names: what searches will be like, for an index to be
    /// calibrated with. Empty: not known.
    /// </summary>
    public float[] SampleUsers { get; init; } = [];

    /// <summary>
    /// Layout: magic (4), number of items n (4), number m of the sample's floats (4), bytes b of the model (8), keys (4n), sample (4m), model (b),
    /// placement (the rest); little-endian.
    /// </summary>
    public byte[] Encode()
    {
        int usersStart = checked(Header + ItemKeys.Length * sizeof(int)), modelStart = checked(usersStart + SampleUsers.Length * sizeof(float));
        var bytes = new byte[(long)modelStart + Model.Length + Placement.Length];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, MagicWithPlacement);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], ItemKeys.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], SampleUsers.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[12..], Model.Length);
        MemoryMarshal.AsBytes(ItemKeys.AsSpan()).CopyTo(span[Header..]);
        MemoryMarshal.AsBytes(SampleUsers.AsSpan()).CopyTo(span[usersStart..]);
        Model.Span.CopyTo(span[modelStart..]);
        Placement.Span.CopyTo(span[(modelStart + Model.Length)..]);
        return bytes;
    }

    /// <summary>Reads what this or an earlier version of the program has written.</summary>
    /// <exception cref="InvalidDataException">Not a model package, or cut short.</exception>
    public static ModelPackage Decode(byte[] bytes)
    {
        uint magic = bytes.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        int keysStart = magic switch
        {
            Magic => 8,
            MagicWithUsers => 12,
            MagicWithPlacement => Header,
            _ => throw new InvalidDataException("These bytes are not a model package."),
        };
        if (bytes.Length < keysStart) throw new InvalidDataException("The model package is cut short.");
        int items = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        int floats = magic == Magic ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        long usersStart = keysStart + (long)items * sizeof(int), modelStart = usersStart + (long)floats * sizeof(float);
        if (items < 0 || floats < 0 || modelStart > bytes.Length) throw new InvalidDataException("The model package is cut short.");
        long model = magic == MagicWithPlacement ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12)) : bytes.Length - modelStart;
        if (model < 0 || model > bytes.Length - modelStart) throw new InvalidDataException("The model package is cut short.");
        var keys = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(keysStart, items * sizeof(int))).ToArray();
        var users = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)usersStart, floats * sizeof(float))).ToArray();
        return new ModelPackage(keys, bytes.AsMemory((int)modelStart, (int)model), bytes.AsMemory((int)(modelStart + model))) { SampleUsers = users };
    }
}
