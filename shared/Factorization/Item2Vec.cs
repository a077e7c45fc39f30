using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

/// <summary>
/// Skip-gram with negative sampling where a history is a sentence without order (Barkan, Koenigstein 2016, arXiv:1603.04259): for sessions.
/// One thread whatever is asked for, because updates in another order would give other bits.
/// </summary>
public sealed record Item2VecSettings : LearnerSettings
{
    /// <summary>Length of a factor, 1..2048.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>1..200.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Random items per pair, drawn by popularity to the power of ¾; 1..100.</summary>
    public int Negatives { get; init; } = 10;

    /// <summary>Other items of the history paired with each item per epoch, drawn anew each time; 1..100.</summary>
    public int Pairs { get; init; } = 5;

    /// <summary>Falls linearly to a hundredth; above 0, at most 1.</summary>
    public double LearningRate { get; init; } = .05;

    /// <summary>ρ: items more frequent than this share of interactions are skipped at random, above 0.</summary>
    public double Subsample { get; init; } = 1e-3;

    public int Seed { get; init; } = 1;

    public override LearnerSettings WithRank(int rank) => this with { Rank = rank };

    public override void Validate()
    {
        Require(Rank is >= 1 and <= 2048, nameof(Rank), Rank, "in 1..2048");
        Require(Epochs is >= 1 and <= 200, nameof(Epochs), Epochs, "in 1..200");
        Require(Negatives is >= 1 and <= 100, nameof(Negatives), Negatives, "in 1..100");
        Require(Pairs is >= 1 and <= 100, nameof(Pairs), Pairs, "in 1..100");
        Require(LearningRate is > 0 and <= 1, nameof(LearningRate), LearningRate, "above 0, at most 1");
        Require(Subsample > 0, nameof(Subsample), Subsample, "above 0");
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        Item2Vec.Train(matrix, this, options, cancellation);
}

internal static class Item2Vec
{
    public const string Name = "item2vec";

    public static LinearModel Train(InteractionMatrix matrix, Item2VecSettings s, TrainOptions options, CancellationToken cancellation)
    {
        int rank = s.Rank, items = matrix.ItemCount;
        var vectors = Ials.Normal(items, rank, 1 / Math.Sqrt(rank), s.Seed);
        var contexts = new float[vectors.LongLength];
        var negatives = NegativeTable(matrix);
        ulong state = (ulong)(uint)s.Seed * 2 + 1;
        uint Next()
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            return (uint)(state >> 33);
        }

        var sentence = new List<int>();
        var change = new float[rank];
        long done = 0, all = (long)matrix.UserCount * s.Epochs;
        for (int epoch = 1; epoch <= s.Epochs; epoch++)
        {
            for (int u = 0; u < matrix.UserCount; u++, done++)
            {
                if (u % 256 == 0) cancellation.ThrowIfCancellationRequested();
                float rate = (float)(s.LearningRate * Math.Max(1 - done / (double)all, .01));
                sentence.Clear();
                for (long e = matrix.Users.Starts[u]; e < matrix.Users.Starts[u + 1]; e++)
                {
                    int i = matrix.Users.Columns[e];
                    double frequency = matrix.Items.Length(i) / (double)matrix.Count;
                    if (matrix.Users.Target(e) >= .5f && Next() / (double)(1U << 31) < Math.Sqrt(s.Subsample / frequency)) sentence.Add(i);
                }

                if (sentence.Count < 2) continue;
                for (int n = 0; n < sentence.Count; n++)
                {
                    for (int pair = 0; pair < s.Pairs; pair++)
                    {
                        int other = (int)(Next() % (uint)(sentence.Count - 1));
                        if (other >= n) other++;
                        var v = vectors.AsSpan(sentence[n] * rank, rank);
                        change.AsSpan().Clear();
                        Step(v, contexts.AsSpan(sentence[other] * rank, rank), 1, rate, change);
                        for (int k = 0; k < s.Negatives; k++)
                        {
                            int negative = negatives[Next() % (uint)negatives.Length];
                            if (negative != sentence[other]) Step(v, contexts.AsSpan(negative * rank, rank), 0, rate, change);
                        }

                        Vectors.Add(1, change, v);
                    }
                }
            }

            options.Progress?.Invoke(new TrainProgress(epoch, s.Epochs));
        }

        for (int i = 0; i < items; i++)
        {
            var row = vectors.AsSpan(i * rank, rank);
            float length = MathF.Sqrt(Vectors.Dot(row, row));
            // Items without events were never moved: they stand nowhere.
            float scale = matrix.Items.Length(i) == 0 || length == 0 ? 0 : 1 / length;
            foreach (ref float f in row) f *= scale;
        }

        return new LinearModel(Name, s, rank, vectors, vectors);
    }

    private static void Step(ReadOnlySpan<float> vector, Span<float> context, float label, float rate, Span<float> change)
    {
        float score = Vectors.Dot(vector, context);
        float gradient = rate * (label - 1 / (1 + MathF.Exp(-score)));
        Vectors.Add(gradient, context, change);
        Vectors.Add(gradient, vector, context);
    }

    /// <summary>Each item as often as its popularity to the power of ¾ asks, among about a million places.</summary>
    private static int[] NegativeTable(InteractionMatrix matrix)
    {
        double sum = 0;
        for (int i = 0; i < matrix.ItemCount; i++) sum += Math.Pow(matrix.Items.Length(i), .75);
        int places = Math.Max(1 << 20, 4 * matrix.ItemCount);
        var table = new List<int>(places + matrix.ItemCount);
        for (int i = 0; i < matrix.ItemCount; i++)
        {
            int count = matrix.Items.Length(i) == 0 ? 0 : (int)Math.Ceiling(places * Math.Pow(matrix.Items.Length(i), .75) / sum);
            for (int n = 0; n < count; n++) table.Add(i);
        }

        return [.. table];
    }
}
