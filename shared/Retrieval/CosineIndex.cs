using System.Runtime.CompilerServices;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>
/// Finds the vectors with the largest cosine similarity to a query, from int8 copies. Scores are approximate, within about 1 %: request
/// more candidates than needed and score them again from the vectors. A row takes one byte per number, rounded up to a multiple of 16, and
/// 4 bytes.
/// </summary>
/// <remarks>
/// Safe for one writer and any number of concurrent searches. A search during a change may read a half-written row, and then return a wrong
/// score for it. A search does not allocate.
/// </remarks>
public sealed unsafe class CosineIndex
{
    private const int ChunkRows = 4096, Block = 256, LargestRank = 4096;

    private readonly Kernel _kernel;
    private readonly int _stride;
    private volatile Chunk[] _chunks = [];

    /// <param name="kernel">Null: <see cref="Kernel.Default"/>.</param>
    public CosineIndex(int rank, Kernel? kernel = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, LargestRank);
        Rank = rank;
        _kernel = kernel ?? Kernel.Default;
        _stride = (rank + Kernel.Int8Padding - 1) / Kernel.Int8Padding * Kernel.Int8Padding;
    }

    /// <summary>Length of a vector.</summary>
    public int Rank { get; }

    /// <summary>Size of the rows and scales, in bytes.</summary>
    public long MemoryBytes => (long)_chunks.Length * ChunkRows * (_stride + sizeof(float));

    /// <summary>Adds or replaces a row. A vector that is zero or not finite has no cosine and is never found.</summary>
    /// <param name="row">At least 0; rows should be dense.</param>
    /// <param name="vector"><see cref="Rank"/> numbers; not kept.</param>
    public void Put(int row, ReadOnlySpan<float> vector)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        if (vector.Length != Rank)
            throw new ArgumentException($"The vector has {vector.Length} numbers; the index has rank {Rank}.", nameof(vector));
        while (row / ChunkRows >= _chunks.Length) _chunks = [.. _chunks, new Chunk(_stride)];
        _chunks[row / ChunkRows].Put(row % ChunkRows, vector, _stride);
    }

    /// <summary>Removes a row. Searches that start after the call do not find it.</summary>
    public void Remove(int row)
    {
        if (row / ChunkRows < _chunks.Length) _chunks[row / ChunkRows].Scales[row % ChunkRows] = float.NaN;
    }

    /// <summary>The best rows, best first; among equal scores the lower row.</summary>
    /// <param name="query"><see cref="Rank"/> numbers. A query that is zero or not finite finds nothing.</param>
    /// <param name="results">Receives the rows; its length is the number requested.</param>
    /// <returns>Number of rows found.</returns>
    public int Search(ReadOnlySpan<float> query, Span<ScoredItem> results)
    {
        if (query.Length != Rank)
            throw new ArgumentException($"The query has {query.Length} numbers; the index has rank {Rank}.", nameof(query));
        short* quantized = stackalloc short[_stride];
        if (!TryQuantize(query, new Span<short>(quantized, _stride), out float unit)) return 0;
        var top = new TopK(results);
        var bound = new Bound(unit, 0, 0);
        int* sums = stackalloc int[Block], survivors = stackalloc int[Block];
        var chunks = _chunks;
        for (int chunk = 0; chunk < chunks.Length; chunk++)
        {
            for (int start = 0; start < ChunkRows; start += Block)
            {
                float* scales = chunks[chunk].Scales + start;
                _kernel.DotsInt8(quantized, chunks[chunk].Rows + ((long)start * _stride), _stride, Block, sums);
                int found = _kernel.Survivors(sums, scales, Block, bound, top.Threshold, survivors);
                for (int i = 0; i < found; i++)
                {
                    int row = survivors[i];
                    // The score of an unused row is NaN, which never enters.
                    top.Add((chunk * ChunkRows) + start + row, scales[row] * (unit * sums[row]));
                }
            }
        }

        GC.KeepAlive(chunks);
        return top.Finish();
    }

    /// <summary>Quantizes the query to 16 bits, so that no sum over a row overflows 32 bits.</summary>
    private bool TryQuantize(ReadOnlySpan<float> query, Span<short> quantized, out float unit)
    {
        unit = 0;
        double largest = Largest(query), limit = Math.Min(short.MaxValue, Math.Floor(int.MaxValue / (127.0 * Rank))), squares = 0;
        if (!(largest > 0 && double.IsFinite(largest))) return false;
        quantized.Clear();
        for (int j = 0; j < query.Length; j++)
        {
            double rounded = Math.Round(query[j] / largest * limit);
            quantized[j] = (short)rounded;
            squares += rounded * rounded;
        }

        unit = (float)(1 / Math.Sqrt(squares));
        return true;
    }

    /// <summary>The largest absolute value; NaN if a number is NaN.</summary>
    private static double Largest(ReadOnlySpan<float> vector)
    {
        double largest = 0;
        foreach (float value in vector) largest = Math.Max(largest, Math.Abs((double)value));
        return largest;
    }

    private sealed class Chunk
    {
        private const int Alignment = 64;

        // Pinned, so that rows stay aligned to cache lines and pointers into them stay valid while this object is reachable.
        private readonly sbyte[] _memory;
        private readonly float[] _scales = GC.AllocateUninitializedArray<float>(ChunkRows, pinned: true);

        public Chunk(int stride)
        {
            _memory = GC.AllocateArray<sbyte>((ChunkRows * stride) + Alignment, pinned: true);
            _scales.AsSpan().Fill(float.NaN);
            Rows = (sbyte*)(((nint)Unsafe.AsPointer(ref _memory[0]) + Alignment - 1) / Alignment * Alignment);
            Scales = (float*)Unsafe.AsPointer(ref _scales[0]);
        }

        public sbyte* Rows { get; }

        /// <summary>One per row: 1 / |row|. NaN: not in use.</summary>
        public float* Scales { get; }

        public void Put(int row, ReadOnlySpan<float> vector, int stride)
        {
            double largest = Largest(vector);
            Scales[row] = float.NaN;
            if (!(largest > 0 && double.IsFinite(largest))) return;
            sbyte* to = Rows + ((long)row * stride);
            long squares = 0;
            for (int j = 0; j < vector.Length; j++)
            {
                to[j] = (sbyte)Math.Round(vector[j] / largest * 127);
                squares += to[j] * to[j];
            }

            Volatile.Write(ref Scales[row], (float)(1 / Math.Sqrt(squares)));
        }
    }
}
