using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>
/// Counts of one item. Weights are relative to a landmark of the row: an addition at time t counts 2^(t / half-life − landmark). Callers
/// pass t / half-life as a whole number and 2^rest. The landmark is a whole number of half-lives and moves with the newest addition, so
/// moving it multiplies by a power of two, which is exact.
/// </summary>
internal sealed class TransitionRow
{
    private const int HeaderBytes = 24;
    private const byte Format = 1;

    private Slot[] _slots = [];

    public int Count { get; private set; }

    /// <summary>Half-lives from time 0.</summary>
    public int Landmark { get; private set; } = int.MinValue;

    /// <summary>Weight of everything added, evicted entries included, relative to the landmark.</summary>
    public float Total { get; private set; }

    /// <summary>No item outside the row has more than this weight, relative to the landmark. 0: nothing was evicted.</summary>
    public float Floor { get; private set; }

    public bool HasEvicted { get; private set; }

    /// <summary>Bytes of the row and its entries.</summary>
    public int Bytes => 56 + 24 + (_slots.Length * 8);

    /// <summary>The entry at a place in no order, with the weight that it has for certain.</summary>
    public TransitionEntry this[int place] => new(_slots[place].Item, _slots[place].CertainWeight);

    public void Add(int item, float weight, int landmark, double scale, int limit)
    {
        MoveTo(landmark);
        weight *= (float)Math.ScaleB(scale, (int)Math.Max((long)landmark - Landmark, -1000));
        Total += weight;
        int at = Find(item);
        if (at >= 0)
        {
            _slots[at] = _slots[at].Plus(weight);
        }
        else if (Count < limit)
        {
            if (Count == _slots.Length) Array.Resize(ref _slots, Math.Min(Math.Max(Count * 2, 2), limit));
            // After an eviction the item may have been here before; how often is at most the floor.
            _slots[Count++] = Slot.Create(item, Floor + weight, Floor);
        }
        else
        {
            // Space-saving (Metwally, Agrawal, El Abbadi 2005): the new item takes the place and the weight of the lightest.
            int lightest = FindLightest();
            Floor = Math.Max(Floor, _slots[lightest].Weight);
            HasEvicted = true;
            _slots[lightest] = Slot.Create(item, Floor + weight, Floor);
        }
    }

    public void Remove(int item, float weight, int landmark, double scale)
    {
        if (Count == 0) return;
        weight *= (float)Math.ScaleB(scale, (int)Math.Max((long)landmark - Landmark, -1000));
        float rounding = 1e-6f * Total;
        Total = Math.Max(Total - weight, 0);
        int at = Find(item);
        if (at < 0) return;
        if (_slots[at].Weight - weight > rounding) _slots[at] = _slots[at].Plus(-weight);
        else _slots[at] = _slots[--Count];
        if (Count == 0 && !HasEvicted) Total = 0;
    }

    /// <summary>The weight that an item has for certain; 0 outside the row.</summary>
    public float WeightOf(int item) => Find(item) is >= 0 and var at ? _slots[at].CertainWeight : 0;

    /// <summary>
    /// Layout, little-endian: format (1), flags (1: has evicted), entries (2), landmark (4), total (4), floor (4), newest time of the table
    /// (8), then entries of 8 bytes as in memory. Nothing is rounded.
    /// </summary>
    public static byte[] Write(TransitionRow? row, long newestMs)
    {
        var bytes = new byte[HeaderBytes + ((row?.Count ?? 0) * 8)];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), newestMs);
        if (row is null) return bytes;
        bytes[1] = row.HasEvicted ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)row.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), row.Landmark);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8), row.Total);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(12), row.Floor);
        MemoryMarshal.AsBytes(row._slots.AsSpan(0, row.Count)).CopyTo(bytes.AsSpan(HeaderBytes));
        return bytes;
    }

    /// <summary>Reads the result of <see cref="Write"/>. Null for an empty row.</summary>
    /// <exception cref="InvalidDataException">Not a row, cut short, or of more entries than the limit.</exception>
    public static TransitionRow? Read(ReadOnlySpan<byte> bytes, int limit, out long newestMs)
    {
        int count = bytes.Length < HeaderBytes || bytes[0] != Format ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        if (count < 0 || bytes.Length != HeaderBytes + (count * 8))
            throw new InvalidDataException($"{bytes.Length} bytes are no transition row of format {Format}.");
        if (count > limit) throw new InvalidDataException($"The transition row has {count} entries; the table keeps {limit}.");
        newestMs = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        bool hasEvicted = bytes[1] != 0;
        if (count == 0 && !hasEvicted) return null;
        return new TransitionRow
        {
            _slots = MemoryMarshal.Cast<byte, Slot>(bytes[HeaderBytes..]).ToArray(),
            Count = count,
            HasEvicted = hasEvicted,
            Landmark = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            Total = BinaryPrimitives.ReadSingleLittleEndian(bytes[8..]),
            Floor = BinaryPrimitives.ReadSingleLittleEndian(bytes[12..]),
        };
    }

    /// <summary>The entries as numbers: the weight in the upper half, the item in bits 8 to 31.</summary>
    private ReadOnlySpan<ulong> Numbers => MemoryMarshal.Cast<Slot, ulong>(_slots.AsSpan(0, Count));

    private void MoveTo(int landmark)
    {
        if (landmark <= Landmark) return;
        if (Count > 0)
        {
            long halfLives = (long)landmark - Landmark;
            float scale = (float)Math.Pow(2, -halfLives);
            for (int e = 0; e < Count; e++) _slots[e] = _slots[e].Decayed(scale, halfLives);
            (Total, Floor) = (Total * scale, Floor * scale);
        }

        Landmark = landmark;
    }

    private int Find(int item)
    {
        var slots = Numbers;
        var wanted = new Vector<ulong>((ulong)item << 8);
        var items = new Vector<ulong>(0xFFFFFF00);
        int e = 0;
        while (e <= slots.Length - Vector<ulong>.Count && !Vector.EqualsAny(new Vector<ulong>(slots[e..]) & items, wanted))
            e += Vector<ulong>.Count;
        for (; e < slots.Length; e++)
            if (_slots[e].Item == item) return e;
        return -1;
    }

    /// <summary>Of equally light entries the one with the largest item.</summary>
    private int FindLightest()
    {
        // Weights are not negative, so they have the order of their bits.
        var slots = Numbers;
        ulong least = ulong.MaxValue;
        var leasts = new Vector<ulong>(ulong.MaxValue);
        int e = 0;
        for (; e <= slots.Length - Vector<ulong>.Count; e += Vector<ulong>.Count)
            leasts = Vector.Min(leasts, new Vector<ulong>(slots[e..]) ^ new Vector<ulong>(uint.MaxValue));
        for (int n = 0; n < Vector<ulong>.Count; n++) least = Math.Min(least, leasts[n]);
        for (; e < slots.Length; e++) least = Math.Min(least, slots[e] ^ uint.MaxValue);
        return slots.IndexOf(least ^ uint.MaxValue);
    }

    /// <summary>
    /// Eight bytes: 24 bits of the item, 8 bits for how much of the weight may stem from evicted entries, and the weight. That error is a
    /// code on a logarithmic scale, rounded up: 0 stands for none, c for 2^((c − 120) / 5). Decay by whole half-lives subtracts 5 each,
    /// exactly.
    /// </summary>
    private readonly struct Slot(uint packed, float weight)
    {
        private const int CodesPerHalfLife = 5, CodeOfOne = 120;

        private static readonly float[] s_errors =
            [.. Enumerable.Range(0, 256).Select(code => code == 0 ? 0 : (float)Math.Pow(2, (code - CodeOfOne) / (double)CodesPerHalfLife))];

        // In this order in saved rows.
        private readonly uint _packed = packed;
        private readonly float _weight = weight;

        public int Item => (int)(_packed >> 8);

        /// <summary>At least the true weight.</summary>
        public float Weight => _weight;

        /// <summary>At most the true weight.</summary>
        public float CertainWeight => Math.Max(_weight - s_errors[Code], 0);

        private int Code => (int)(_packed & 0xFF);

        public static Slot Create(int item, float weight, float error) => new(((uint)item << 8) | (uint)Encode(error), weight);

        public Slot Plus(float added) => new(_packed, _weight + added);

        public Slot Decayed(float scale, long halfLives) =>
            new((_packed & ~0xFFu) | (Code == 0 ? 0 : (uint)Math.Max(Code - (CodesPerHalfLife * halfLives), 1)), _weight * scale);

        private static int Encode(float error) =>
            error <= 0 ? 0 : (int)Math.Clamp(Math.Ceiling(CodesPerHalfLife * Math.Log2(error)) + CodeOfOne, 1, 255);
    }
}
