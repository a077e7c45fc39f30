using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recommender.FactorStore;

/// <summary>
/// A model as stored in registry and factor store: the item of each row, the factors of some users, and the bytes of the model, which only
/// the learning library reads. <c>ItemKeys[index]</c> is the store's key of the item; rows are in ordinal order of item ids.
/// </summary>
/// <param name="Placement">Placement of items that are new since the training; empty without one.</param>
public sealed record ModelPackage(int[] ItemKeys, ReadOnlyMemory<byte> Model, ReadOnlyMemory<byte> Placement = default)
{
    private const uint Magic = 0x314B5052; // "RPK1": header of 8 bytes
    private const uint MagicWithUsers = 0x324B5052; // "RPK2": header of 12 bytes
    private const uint MagicWithPlacement = 0x334B5052; // "RPK3": header of 20 bytes
    private const uint MagicWithEventTypes = 0x344B5052; // "RPK4": header of 28 bytes
    private const uint MagicWithEncoder = 0x354B5052; // "RPK5"
    private const int Header = 36;

    /// <summary>
    /// Anonymous factors of some training users, <c>users × rank</c>, row-major, for the calibration of an index. Empty: unknown.
    /// </summary>
    public float[] SampleUsers { get; init; } = [];

    /// <summary>
    /// Settings of event types that the model was trained with, for all uses of the model. Only the learning library reads them. Empty:
    /// unknown.
    /// </summary>
    public ReadOnlyMemory<byte> EventTypes { get; init; }

    /// <summary>Encoder of sessions, whose items are the model's. Only the learning library reads it. Empty: none.</summary>
    public ReadOnlyMemory<byte> Encoder { get; init; }

    /// <summary>
    /// Layout, with sizes in bytes: magic (4), number of items n (4), number of floats m of the sample (4), size b of the model (8), size p
    /// of the placement (8), size t of the event types (8), keys (4n), sample (4m), model (b), placement (p), event types (t), encoder (the
    /// rest); little-endian.
    /// </summary>
    public byte[] Encode()
    {
        int usersStart = checked(Header + ItemKeys.Length * sizeof(int)),
            modelStart = checked(usersStart + SampleUsers.Length * sizeof(float));
        var bytes = new byte[(long)modelStart + Model.Length + Placement.Length + EventTypes.Length + Encoder.Length];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, MagicWithEncoder);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], ItemKeys.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], SampleUsers.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[12..], Model.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[20..], Placement.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[28..], EventTypes.Length);
        MemoryMarshal.AsBytes(ItemKeys.AsSpan()).CopyTo(span[Header..]);
        MemoryMarshal.AsBytes(SampleUsers.AsSpan()).CopyTo(span[usersStart..]);
        Model.Span.CopyTo(span[modelStart..]);
        Placement.Span.CopyTo(span[(modelStart + Model.Length)..]);
        EventTypes.Span.CopyTo(span[(modelStart + Model.Length + Placement.Length)..]);
        Encoder.Span.CopyTo(span[(modelStart + Model.Length + Placement.Length + EventTypes.Length)..]);
        return bytes;
    }

    /// <summary>Reads a package of this or an earlier version of the program.</summary>
    /// <exception cref="InvalidDataException">Not a model package, or truncated.</exception>
    public static ModelPackage Decode(byte[] bytes)
    {
        uint magic = bytes.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        int keysStart = magic switch
        {
            Magic => 8,
            MagicWithUsers => 12,
            MagicWithPlacement => 20,
            MagicWithEventTypes => 28,
            MagicWithEncoder => Header,
            _ => throw new InvalidDataException("These bytes are not a model package."),
        };
        if (bytes.Length < keysStart) throw new InvalidDataException("The model package is cut short.");
        int items = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        int floats = keysStart < 12 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        long usersStart = keysStart + (long)items * sizeof(int), modelStart = usersStart + (long)floats * sizeof(float);
        if (items < 0 || floats < 0 || modelStart > bytes.Length) throw new InvalidDataException("The model package is cut short.");
        long rest = bytes.Length - modelStart;
        long model = keysStart < 20 ? rest : BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12));
        if (model < 0 || model > rest) throw new InvalidDataException("The model package is cut short.");
        rest -= model;
        long placement = keysStart < 28 ? rest : BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(20));
        if (placement < 0 || placement > rest) throw new InvalidDataException("The model package is cut short.");
        rest -= placement;
        long eventTypes = keysStart < Header ? rest : BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(28));
        if (eventTypes < 0 || eventTypes > rest) throw new InvalidDataException("The model package is cut short.");
        var keys = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(keysStart, items * sizeof(int))).ToArray();
        var users = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)usersStart, floats * sizeof(float))).ToArray();
        return new ModelPackage(keys, bytes.AsMemory((int)modelStart, (int)model),
            bytes.AsMemory((int)(modelStart + model), (int)placement))
        {
            SampleUsers = users,
            EventTypes = bytes.AsMemory((int)(modelStart + model + placement), (int)eventTypes),
            Encoder = bytes.AsMemory((int)(modelStart + model + placement + eventTypes)),
        };
    }
}
