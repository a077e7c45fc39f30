using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

public sealed record EvaluationOptions
{
    /// <summary>Length of the lists, 1..1000.</summary>
    public int K { get; init; } = 20;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Resamples for the confidence intervals; 0 leaves them out.</summary>
    public int BootstrapSamples { get; init; } = 300;

    public int Seed { get; init; } = 1;
}

/// <summary>Scores every item for a history; for scorers that are not models.</summary>
public delegate void ScoreItems(ReadOnlySpan<HistoryEntry> history, Span<float> scores);

/// <summary>
/// Judges lists over the whole catalogue: score all items, drop the user's training items, take the best k, ties by index.
/// Means are over users with test items. The result does not depend on the number of threads.
/// </summary>
public static unsafe class Evaluation
{
    private const int Users = 32;
    private const int Chunk = 1024;

    public static EvaluationResult Run(Model model, Split split, EvaluationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        Check(split, model.ItemCount, options);
        var tested = Tested(split);
        int rank = model.Rank, items = model.ItemCount;
        var panels = Panels(model.ItemFactors.Span, items, rank);
        var neighbours = model.Neighbours;
        var lists = new int[tested.Length][];
        Work.Run(tested.Length, Users, options.Threads, take =>
        {
            var factors = new float[Users * rank];
            var block = new float[Users * Chunk];
            var term = neighbours is null ? null : new float[Users][];
            var best = new TopK[Users];
            for (int b = 0; b < Users; b++) best[b] = new TopK(options.K);
            while (take() is var (from, to))
            {
                for (int u = from; u < to; u++)
                {
                    var history = split.Train.Users.History(tested[u]);
                    model.FoldIn(history, factors.AsSpan((u - from) * rank, rank));
                    if (term is not null) neighbours!.Score(history, term[u - from] ??= new float[items]);
                }

                for (int first = 0; first < items; first += Chunk)
                {
                    int count = Math.Min(Chunk, items - first);
                    fixed (float* f = factors, q = panels, s = block)
                    {
                        for (int j = 0; j < count; j += Tile.Columns)
                            for (int b = 0; b < to - from; b += Tile.Rows)
                                Tile.Run(f + b * rank, rank, 1, q + (nint)(first + j) * rank, Tile.Columns, rank, s + b * Chunk + j, Chunk, TileStore.Set);
                    }

                    for (int u = from; u < to; u++)
                    {
                        var scores = block.AsSpan((u - from) * Chunk, count);
                        if (term is not null) Vectors.Add(1, term[u - from].AsSpan(first, count), scores);
                        best[u - from].Offer(scores, first, split.Train.Users.Row(tested[u]));
                    }
                }

                for (int u = from; u < to; u++) lists[u] = best[u - from].Take();
            }
        }, cancellation);
        return EvaluationResult.Of(split, tested, lists, options, model);
    }

    public static EvaluationResult Run(ScoreItems scorer, Split split, EvaluationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        Check(split, split.Train.ItemCount, options);
        var tested = Tested(split);
        var lists = new int[tested.Length][];
        Work.Run(tested.Length, Users, options.Threads, take =>
        {
            var scores = new float[split.Train.ItemCount];
            var best = new TopK(options.K);
            while (take() is var (from, to))
            {
                for (int u = from; u < to; u++)
                {
                    scores.AsSpan().Clear();
                    scorer(split.Train.Users.History(tested[u]), scores);
                    lists[u] = best.Select(scores, split.Train.Users.Row(tested[u]));
                }
            }
        }, cancellation);
        return EvaluationResult.Of(split, tested, lists, options, null);
    }

    private static void Check(Split split, int items, EvaluationOptions options)
    {
        if (options.K is < 1 or > 1000) throw new ArgumentOutOfRangeException(nameof(options), options.K, "K must be in 1..1000.");
        if (items != split.Train.ItemCount) throw new ArgumentException($"The model has {items} items, the data {split.Train.ItemCount}.", nameof(split));
    }

    private static int[] Tested(Split split) => [.. Enumerable.Range(0, split.Test.Count).Where(u => split.Test.Length(u) > 0)];

    /// <summary>Item factors in panels of 16 items, axis by axis, as <see cref="Tile"/> reads them.</summary>
    private static float[] Panels(ReadOnlySpan<float> factors, int items, int rank)
    {
        var panels = new float[Tile.Padded(items) * rank];
        if (items > 0 && rank > 0)
            fixed (float* source = factors, target = panels) Vectors.ToPanels(source, items, rank, rank, target);
        return panels;
    }
}

/// <summary>The k best of a stream of scores: highest first, equal scores by index.</summary>
internal sealed class TopK(int k)
{
    private readonly float[] scores = new float[k];
    private readonly int[] items = new int[k];
    private int count;

    /// <summary>Offers scores of items first, first + 1, …; items in <paramref name="masked"/> (ascending) are passed over. Overwrites masked scores.</summary>
    public void Offer(Span<float> block, int first, ReadOnlySpan<int> masked)
    {
        int from = masked.BinarySearch(first);
        for (int m = from < 0 ? ~from : from; m < masked.Length && masked[m] < first + block.Length; m++) block[masked[m] - first] = float.NegativeInfinity;
        int i = 0;
        for (; count < k && i < block.Length; i++)
            if (block[i] > float.NegativeInfinity) Insert(block[i], first + i);
        if (count < k) return;
        float least = scores[k - 1];
        int width = System.Numerics.Vector<float>.Count;
        while (i < block.Length)
        {
            if (i + width <= block.Length && !System.Numerics.Vector.GreaterThanAny(new System.Numerics.Vector<float>(block[i..]), new System.Numerics.Vector<float>(least)))
            {
                i += width;
                continue;
            }

            int end = Math.Min(i + width, block.Length);
            for (; i < end; i++)
            {
                if (!(block[i] > least)) continue;
                Insert(block[i], first + i);
                least = scores[k - 1];
            }
        }
    }

    /// <summary>The items found, best first; starts anew.</summary>
    public int[] Take()
    {
        var result = items.AsSpan(0, count).ToArray();
        count = 0;
        return result;
    }

    public int[] Select(Span<float> all, ReadOnlySpan<int> masked)
    {
        Offer(all, 0, masked);
        return Take();
    }

    private void Insert(float score, int item)
    {
        int at = count < k ? count++ : k - 1;
        for (; at > 0 && score > scores[at - 1]; at--)
        {
            scores[at] = scores[at - 1];
            items[at] = items[at - 1];
        }

        scores[at] = score;
        items[at] = item;
    }
}
