using Recommender.Retrieval.Kernels;
using Recommender.Retrieval.Quantized;

namespace Recommender.Retrieval.Cells;

/// <summary>
/// Divides rows into cells of neighbours by Euclidean k-means (Lloyd's algorithm on a sample). Because factors are not scaled, rows with
/// small norms, which seldom have large dot products, gather in cells around the origin that searches rarely visit. The same input and seed
/// give the same cells for any number of threads.
/// </summary>
internal sealed unsafe class CellPartition
{
    /// <summary>Number of sampled rows per cell.</summary>
    private const int SamplePerCell = 40;

    /// <summary>Up to this many cells, each row is compared with every centre; above, with the centres of a few groups of cells.</summary>
    private const int LargestFlat = 512;

    private const int GroupsSearched = 6;

    private CellPartition(float[] centres, int[] order, int[] starts)
    {
        Centres = centres;
        Order = order;
        Starts = starts;
    }

    /// <summary>cells × rank, row-major: the means of the cells' rows.</summary>
    public float[] Centres { get; }

    /// <summary>The rows grouped by cell, ascending within each cell.</summary>
    public int[] Order { get; }

    /// <summary>Start of each cell in <see cref="Order"/>, followed by the end of the last.</summary>
    public int[] Starts { get; }

    public static CellPartition Of(ReadOnlyMemory<float> factors, int rank, int cells, int rounds, int seed, int threads, Kernel kernel)
    {
        int count = factors.Length / rank;
        cells = Math.Min(cells, count);
        var random = new Random(seed);
        int[] sample = Sample(count, Math.Min(count, Math.Max(cells * SamplePerCell, 1024)), random);
        var centres = new float[cells * rank];
        for (int c = 0; c < cells; c++)
        {
            // The sample is in random order, so its first rows are random initial centres.
            Row(factors, rank, sample[c]).CopyTo(centres.AsSpan(c * rank));
            Repair(centres.AsSpan(c * rank, rank));
        }

        var assigned = new int[sample.Length];
        for (int round = 0; round < rounds; round++)
        {
            Assign(factors, rank, sample, centres, assigned, threads, kernel);
            (int[] order, int[] starts) = Sort(assigned, cells);
            Move(factors, rank, sample, order, starts, centres, random, threads);
        }

        int[] all = new int[count];
        Assign(factors, rank, null, centres, all, threads, kernel);
        (int[] allOrder, int[] allStarts) = Sort(all, cells);
        Move(factors, rank, null, allOrder, allStarts, centres, null, threads);
        return new CellPartition(centres, allOrder, allStarts);
    }

    private static int[] Sample(int count, int size, Random random)
    {
        int[] rows = [.. Enumerable.Range(0, count)];
        for (int i = 0; i < size; i++)
        {
            int j = random.Next(i, count);
            (rows[i], rows[j]) = (rows[j], rows[i]);
        }

        return rows[..size];
    }

    /// <summary>
    /// Assigns each row to its approximately nearest centre: by int8 scores and, for many centres, within the nearest groups only. Any
    /// partition is valid; a misplaced row only widens the bound of its cell.
    /// </summary>
    private static void Assign(ReadOnlyMemory<float> factors, int rank, int[]? rows, float[] centres, int[] assigned, int threads,
        Kernel kernel)
    {
        int cells = centres.Length / rank;
        // Centres are grouped by direction. By distance, most would be in one group around the origin.
        CellPartition? groups = cells <= LargestFlat ? null
            : Of(Directions(centres, rank), rank, (int)Math.Sqrt(cells), 4, 0, threads, kernel);
        QuantizedRows quantized = QuantizedRows.Of(centres, rank, groups?.Order);
        QuantizedRows? heads = groups is null ? null : QuantizedRows.Of(groups.Centres, rank);
        float[] halves = Halves(centres, rank, groups?.Order), headHalves = groups is null ? [] : Halves(groups.Centres, rank, null);

        const int Part = 4096;
        Parallel.For(0, (assigned.Length + Part - 1) / Part, new ParallelOptions { MaxDegreeOfParallelism = threads }, part =>
        {
            var query = new short[quantized.Stride];
            var sums = new int[Math.Max(cells, headHalves.Length)];
            var nearest = new ScoredItem[Math.Min(GroupsSearched, headHalves.Length)];
            fixed (short* q = query)
            fixed (int* s = sums)
            fixed (float* h = halves)
            {
                for (int i = part * Part; i < Math.Min(assigned.Length, (part + 1) * Part); i++)
                {
                    ReadOnlySpan<float> row = Row(factors, rank, rows is null ? i : rows[i]);
                    if (!QuantizedQuery.TryCreate(row, quantized, query, out Bound bound, out float norm)) continue;
                    if (groups is null)
                    {
                        kernel.DotsInt8(q, quantized.Rows, quantized.Stride, cells, s);
                        assigned[i] = kernel.Nearest(s, quantized.Scales, h, cells, bound.Unit, out _);
                        continue;
                    }

                    kernel.DotsInt8(q, heads!.Rows, heads.Stride, headHalves.Length, s);
                    var top = new TopK(nearest);
                    for (int g = 0; g < headHalves.Length; g++)
                        top.Add(g, (heads.Scales[g] * (bound.Unit * s[g])) - (norm * headHalves[g]));
                    float best = float.NegativeInfinity;
                    foreach (ScoredItem group in nearest.AsSpan(0, top.Finish()))
                    {
                        int start = groups.Starts[group.Item], count = groups.Starts[group.Item + 1] - start;
                        kernel.DotsInt8(q, quantized.Rows + ((long)start * quantized.Stride), quantized.Stride, count, s);
                        int found = kernel.Nearest(s, quantized.Scales + start, h + start, count, bound.Unit, out float score);
                        if (count > 0 && score > best) (assigned[i], best) = (groups.Order[start + found], score);
                    }
                }
            }
        });
        GC.KeepAlive(quantized);
        GC.KeepAlive(heads);
    }

    /// <summary>The centres scaled to length 1.</summary>
    private static float[] Directions(float[] centres, int rank)
    {
        var directions = new float[centres.Length];
        for (int at = 0; at < centres.Length; at += rank)
        {
            double squares = 0;
            foreach (float value in centres.AsSpan(at, rank)) squares += (double)value * value;
            double scale = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
            for (int j = at; j < at + rank; j++) directions[j] = (float)(centres[j] * scale);
        }

        return directions;
    }

    /// <summary>|c|²/2 of each centre: |y − c|² is least where y·c − |c|²/2 is largest.</summary>
    private static float[] Halves(float[] centres, int rank, int[]? order)
    {
        var halves = new float[centres.Length / rank];
        for (int c = 0; c < halves.Length; c++)
        {
            double squares = 0;
            foreach (float value in centres.AsSpan((order is null ? c : order[c]) * rank, rank)) squares += (double)value * value;
            halves[c] = (float)(squares / 2);
        }

        return halves;
    }

    /// <summary>Counting sort by cell.</summary>
    private static (int[] Order, int[] Starts) Sort(int[] assigned, int cells)
    {
        var starts = new int[cells + 1];
        foreach (int cell in assigned) starts[cell + 1]++;
        for (int c = 0; c < cells; c++) starts[c + 1] += starts[c];
        var next = starts.AsSpan(0, cells).ToArray();
        var order = new int[assigned.Length];
        for (int i = 0; i < assigned.Length; i++) order[next[assigned[i]]++] = i;
        return (order, starts);
    }

    /// <summary>Moves each centre to the mean of its rows. An empty cell restarts from a random row.</summary>
    private static void Move(ReadOnlyMemory<float> factors, int rank, int[]? rows, int[] order, int[] starts, float[] centres,
        Random? random, int threads)
    {
        int cells = starts.Length - 1;
        Parallel.For(0, cells, new ParallelOptions { MaxDegreeOfParallelism = threads }, c =>
        {
            if (starts[c] == starts[c + 1]) return;
            Span<double> sum = new double[rank];
            int members = 0;
            for (int i = starts[c]; i < starts[c + 1]; i++)
            {
                ReadOnlySpan<float> row = Row(factors, rank, rows is null ? order[i] : rows[order[i]]);
                for (int j = 0; j < rank; j++) sum[j] += row[j];
                members++;
            }

            Span<float> centre = centres.AsSpan(c * rank, rank);
            for (int j = 0; j < rank; j++) centre[j] = (float)(sum[j] / members);
            Repair(centre);
        });
        if (random is null || rows is null) return;
        for (int c = 0; c < cells; c++)
        {
            if (starts[c] != starts[c + 1]) continue;
            Row(factors, rank, rows[random.Next(rows.Length)]).CopyTo(centres.AsSpan(c * rank));
            Repair(centres.AsSpan(c * rank, rank));
        }
    }

    /// <summary>Replaces numbers that are not finite, which rows may contain but a centre must not.</summary>
    private static void Repair(Span<float> centre)
    {
        foreach (ref float value in centre) if (!(MathF.Abs(value) < 1e15f)) value = 0;
    }

    private static ReadOnlySpan<float> Row(ReadOnlyMemory<float> factors, int rank, int row) => factors.Span.Slice(row * rank, rank);
}
