using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Judging;

/// <summary>
/// Evaluates rankings of the whole catalogue: all items are scored, the user's training items removed, and the best k taken, ties by index.
/// Means are over users with test items. The result does not depend on the number of threads.
/// </summary>
public static unsafe class Evaluation
{
    private const int Users = 32;
    private const int Chunk = 1024;

    /// <summary>Evaluates a model: folds in each user's training items, and ranks by the score including the item–item term.</summary>
    /// <param name="model">A model of the items of <paramref name="split"/>, trained on its training part only.</param>
    /// <exception cref="ArgumentException">Model and split differ in their number of items.</exception>
    /// <exception cref="ArgumentOutOfRangeException">K is not in 1..1000.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EvaluationResult Run(Model model, Split split, EvaluationOptions? options = null,
        CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        Check(split, model.ItemCount, options);
        var tested = Tested(split);
        int rank = model.Rank, items = model.ItemCount;
        var panels = Panels(model.ItemFactors.Span, items, rank);
        var neighbours = model.Neighbours;
        var lists = new int[tested.Length][];
        ParallelRows.Run(tested.Length, Users, options.Threads, take =>
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
                                Tile.Run(f + b * rank, rank, 1, q + (nint)(first + j) * rank, Tile.Columns,
                                    rank, s + b * Chunk + j, Chunk, TileStore.Set);
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

    /// <summary>Evaluates any scorer. Its <see cref="EvaluationResult.Diversity"/> is NaN.</summary>
    /// <param name="scorer">Called concurrently by several threads.</param>
    /// <exception cref="ArgumentOutOfRangeException">K is not in 1..1000.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EvaluationResult Run(ScoreItems scorer, Split split, EvaluationOptions? options = null,
        CancellationToken cancellation = default)
    {
        options ??= new EvaluationOptions();
        Check(split, split.Train.ItemCount, options);
        var tested = Tested(split);
        var lists = new int[tested.Length][];
        ParallelRows.Run(tested.Length, Users, options.Threads, take =>
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
        if (items != split.Train.ItemCount) throw new ArgumentException($"The model has {items} items, the data {split.Train.ItemCount}.",
            nameof(split));
    }

    private static int[] Tested(Split split) => [.. Enumerable.Range(0, split.Test.Count).Where(u => split.Test.Length(u) > 0)];

    /// <summary>Item factors in panels of 16 items, by axis, as <see cref="Tile"/> requires.</summary>
    private static float[] Panels(ReadOnlySpan<float> factors, int items, int rank)
    {
        var panels = new float[Tile.Padded(items) * rank];
        if (items > 0 && rank > 0)
            fixed (float* source = factors, target = panels) Vectors.ToPanels(source, items, rank, rank, target);
        return panels;
    }
}
