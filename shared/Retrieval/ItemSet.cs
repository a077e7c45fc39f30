using System.Numerics;
using System.Numerics.Tensors;

namespace Recommender.Retrieval;

/// <summary>
/// A set of item positions as a bitmap: 1 bit per position from 0 to <see cref="Length"/> − 1. Positions from <see cref="Length"/> on are
/// not in the set. Mutable while it is built; once shared between threads it must not be changed any more.
/// </summary>
public sealed class ItemSet
{
    private ulong[] _words;
    private int _count;

    /// <param name="length">Number of positions, at least 0. The set starts empty.</param>
    public ItemSet(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _words = new ulong[WordsOf(length)];
    }

    private ItemSet(int length, ulong[] words, int count)
    {
        Length = length;
        _words = words;
        _count = count;
    }

    /// <summary>Positions the set can hold.</summary>
    public int Length { get; private set; }

    /// <summary>The bitmap: bit <c>i % 64</c> of word <c>i / 64</c> is position i. Bits from <see cref="Length"/> on are 0.</summary>
    public ReadOnlySpan<ulong> Words => Used;

    private Span<ulong> Used => _words.AsSpan(0, WordsOf(Length));

    /// <summary>Number of positions in the set. Counted once and cached.</summary>
    public int Count
    {
        get
        {
            int count = Volatile.Read(ref _count);
            if (count >= 0) return count;
            count = 0;
            foreach (ulong word in Used) count += BitOperations.PopCount(word);
            Volatile.Write(ref _count, count);
            return count;
        }
    }

    /// <summary>The set of the given positions.</summary>
    /// <param name="length">Positions the set can hold.</param>
    /// <param name="positions">In any order, repetitions allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is not in 0 .. <paramref name="length"/> − 1.</exception>
    public static ItemSet Of(int length, ReadOnlySpan<int> positions)
    {
        var set = new ItemSet(length);
        foreach (int position in positions) set.Add(position);
        return set;
    }

    /// <summary>The set of all positions below <paramref name="length"/>.</summary>
    public static ItemSet All(int length) => new ItemSet(length).Not();

    /// <summary>Whether the position is in the set; false for any position outside 0 .. <see cref="Length"/> − 1.</summary>
    public bool Contains(int position) => (uint)position < (uint)Length && (_words[position >> 6] & (1UL << position)) != 0;

    /// <exception cref="ArgumentOutOfRangeException">The position is not in 0 .. <see cref="Length"/> − 1.</exception>
    public void Add(int position)
    {
        CheckPosition(position);
        _words[position >> 6] |= 1UL << position;
        _count = -1;
    }

    /// <exception cref="ArgumentOutOfRangeException">The position is not in 0 .. <see cref="Length"/> − 1.</exception>
    public void Remove(int position)
    {
        CheckPosition(position);
        _words[position >> 6] &= ~(1UL << position);
        _count = -1;
    }

    /// <summary>Removes all positions that are not in <paramref name="other"/>, including those beyond its length.</summary>
    /// <returns>This set.</returns>
    public ItemSet And(ItemSet other)
    {
        Span<ulong> words = Used, others = other.Used;
        int common = Math.Min(words.Length, others.Length);
        TensorPrimitives.BitwiseAnd<ulong>(words[..common], others[..common], words);
        words[common..].Clear();
        return Changed();
    }

    /// <summary>Adds the positions of <paramref name="other"/>, up to this set's length.</summary>
    /// <returns>This set.</returns>
    public ItemSet Or(ItemSet other)
    {
        Span<ulong> words = Used, others = other.Used;
        int common = Math.Min(words.Length, others.Length);
        TensorPrimitives.BitwiseOr<ulong>(words[..common], others[..common], words);
        return Changed();
    }

    /// <summary>Turns the set into its complement below <see cref="Length"/>.</summary>
    /// <returns>This set.</returns>
    public ItemSet Not()
    {
        Span<ulong> words = Used;
        TensorPrimitives.OnesComplement<ulong>(words, words);
        return Changed();
    }

    /// <summary>Empties the set and changes its length to <paramref name="length"/>, reusing its memory if that is enough.</summary>
    /// <returns>The bitmap to fill; bits from <paramref name="length"/> on stay 0. Fill it before reading <see cref="Count"/>.</returns>
    internal Span<ulong> Reset(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        if (WordsOf(length) > _words.Length) _words = new ulong[WordsOf(length)];
        else Used.Clear();
        _count = -1;
        return Used;
    }

    /// <summary>Copies another set into this one, reusing its memory if that is enough.</summary>
    /// <returns>This set.</returns>
    public ItemSet CopyFrom(ItemSet other)
    {
        Reset(other.Length);
        other.Used.CopyTo(Used);
        _count = other._count;
        return this;
    }

    /// <summary>Changes the set to all positions below <paramref name="length"/>, reusing its memory if that is enough.</summary>
    /// <returns>This set.</returns>
    public ItemSet Fill(int length)
    {
        Reset(length);
        return Not();
    }

    /// <summary>A copy that can be changed independently.</summary>
    /// <param name="length">Number of positions of the copy; positions from there on are left out. Null: <see cref="Length"/>.</param>
    public ItemSet Copy(int? length = null)
    {
        if (length is null || length == Length) return new ItemSet(Length, Used.ToArray(), _count);
        var copy = new ItemSet(length.Value);
        copy.Or(this);
        return copy;
    }

    /// <summary>Writes the positions in ascending order, from <paramref name="from"/> on, until <paramref name="positions"/> is
    /// full.</summary>
    /// <returns>Number of positions written.</returns>
    public int CopyTo(Span<int> positions, int from = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        int written = 0;
        ReadOnlySpan<ulong> words = Used;
        for (int word = from >> 6; word < words.Length; word++)
        {
            ulong bits = words[word];
            if (word == from >> 6) bits &= ulong.MaxValue << from;
            for (; bits != 0; bits &= bits - 1)
            {
                if (written == positions.Length) return written;
                positions[written++] = (word << 6) + BitOperations.TrailingZeroCount(bits);
            }
        }

        return written;
    }

    private static int WordsOf(int length) => (int)(((long)length + 63) >> 6);

    private ItemSet Changed()
    {
        if ((Length & 63) != 0) Used[^1] &= (1UL << Length) - 1;
        _count = -1;
        return this;
    }

    private void CheckPosition(int position)
    {
        if ((uint)position >= (uint)Length) throw new ArgumentOutOfRangeException(nameof(position),
            position, $"The set holds positions 0 to {Length - 1}.");
    }
}
