namespace Recommender.Retrieval.Tests;

/// <summary>Factors and queries of the kinds that break shortcuts.</summary>
internal static class Data
{
    public enum Shape
    {
        Random,
        Clustered,
        TinyNorm,
        Denormal,
        HugeNorm,
        MixedNorm,
        ManyTies,
        NearTies,
        OneSpike,
        WithZerosAndNonFinite,
    }

    public static float[] Factors(Shape shape, int n, int rank, int seed)
    {
        var random = new Random(seed);
        var centres = Enumerable.Range(0, 20).Select(_ => Normal(random, rank)).ToArray();
        float[] shared = Normal(random, rank);
        var factors = new float[n * rank];
        for (int i = 0; i < n; i++)
        {
            float[] row = Normal(random, rank);
            float[] centre = centres[random.Next(centres.Length)];
            float norm = (float)Math.Exp(3 * Gauss(random));
            for (int j = 0; j < rank; j++)
            {
                factors[(i * rank) + j] = shape switch
                {
                    Shape.Random => row[j],
                    Shape.Clustered => (centre[j] + (0.3f * row[j])) * (float)(0.2 + (3 * Math.Pow(1 - ((double)i / n), 4))),
                    Shape.TinyNorm => row[j] * 1e-19f,
                    Shape.Denormal => row[j] * 3e-42f,
                    Shape.HugeNorm => row[j] * 2e18f,
                    Shape.MixedNorm => row[j] * norm,
                    Shape.ManyTies => MathF.Round(row[j]),
                    Shape.NearTies => shared[j] * (1 + (1e-6f * row[j])),
                    // One large coordinate ruins the scale of all others.
                    Shape.OneSpike => j == i % rank ? 1000 * row[j] : row[j] * 0.5f,
                    Shape.WithZerosAndNonFinite => (i % 7) switch
                    {
                        0 => 0,
                        1 when j == 0 => float.NaN,
                        2 when j == rank - 1
                        && i % 14 == 2 => float.PositiveInfinity,
                        3 => float.MaxValue * Math.Sign(row[j]),
                        _ => row[j]
                    },
                    _ => throw new ArgumentOutOfRangeException(nameof(shape)),
                };
            }
        }

        return factors;
    }

    /// <summary>Something a user's factor could be: near an item, or anything.</summary>
    public static float[] Query(Shape shape, float[] factors, int rank, Random random)
    {
        float[] query = Normal(random, rank);
        if (random.Next(3) == 0) return query;
        int item = random.Next(factors.Length / rank);
        float scale = shape is Shape.Denormal ? 1e38f : 1;
        for (int j = 0; j < rank; j++)
        {
            float y = factors[(item * rank) + j];
            query[j] = float.IsFinite(y) && Math.Abs(y) < 1e30f ? (y * scale) + (0.2f * query[j] * Math.Abs(y) * scale) : query[j];
        }

        return query;
    }

    public static ItemSet RandomSet(Random random, int n, double share)
    {
        var set = new ItemSet(n);
        for (int i = 0; i < n; i++) if (random.NextDouble() < share) set.Add(i);
        return set;
    }

    public static float[] Normal(Random random, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++) values[i] = (float)Gauss(random);
        return values;
    }

    public static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
