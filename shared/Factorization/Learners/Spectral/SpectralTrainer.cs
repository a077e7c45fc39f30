using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Spectral;

/// <summary>Trains <see cref="LinearModel"/>s: basis, leave-one-out ridge, mix.</summary>
internal static unsafe class SpectralTrainer
{
    public const string Name = "spectral";

    /// <summary>Number of users and items in the sample that determines the scale of both kinds of output vectors.</summary>
    private const int Sample = 1000;

    public static LinearModel Train(InteractionMatrix matrix, SpectralSettings s, TrainOptions options, CancellationToken cancellation) =>
        Train(matrix.Aged(s.HalfLife), s, Basis(matrix, s, options.Threads, cancellation), options, cancellation);

    public static float[] Basis(InteractionMatrix matrix, SpectralSettings s, int threads, CancellationToken cancellation)
    {
        if ((long)Math.Max(matrix.UserCount, matrix.ItemCount) * (s.Rank + 20) > Array.MaxLength)
            throw new ArgumentException($"{Math.Max(matrix.UserCount, matrix.ItemCount)} rows × rank {s.Rank} exceed one array; lower "
                + $"Rank.");
        return SpectralBasis.Compute(matrix, s.Rank, s.UserPower, s.ItemPower, s.Smoothing, s.PowerSteps, s.Seed, threads, cancellation);
    }

    /// <param name="matrix">Training data, with weights aged by the settings.</param>
    /// <param name="basis">Result of <see cref="Basis"/>; not changed.</param>
    public static LinearModel Train(InteractionMatrix matrix, SpectralSettings s, float[] basis, TrainOptions options,
        CancellationToken cancellation)
    {
        int rank = s.Rank, threads = options.Threads;
        var input = Scaled(matrix, basis, rank, -s.ItemPower, s.Smoothing);
        var spectral = s.SpectralShare > 0 ? Scaled(matrix, basis, rank, s.OutputPower, s.Smoothing) : null;
        options.Progress?.Invoke(new TrainProgress(1, 2));
        if (s.SpectralShare >= 1)
        {
            Normalise(spectral!, 1 / Deviation(matrix, input, spectral!, rank));
            return new LinearModel(Name, s, rank, input, spectral!);
        }

        var ridge = Ridge(matrix, s, input, spectral, threads, cancellation);
        options.Progress?.Invoke(new TrainProgress(2, 2));
        if (spectral is null) return new LinearModel(Name, s, rank, input, ridge);
        // Scores keep the scale of the ridge regression, whose target is 1.
        double ridgeDeviation = Deviation(matrix, input, ridge, rank), spectralDeviation = Deviation(matrix, input, spectral, rank);
        float byRidge = (float)(1 - s.SpectralShare), bySpectral = (float)(s.SpectralShare * ridgeDeviation / spectralDeviation);
        for (long k = 0; k < ridge.LongLength; k++) ridge[k] = byRidge * ridge[k] + bySpectral * spectral[k];
        return new LinearModel(Name, s, rank, input, ridge);
    }

    private static void Normalise(float[] x, double scale)
    {
        for (long k = 0; k < x.LongLength; k++) x[k] *= (float)scale;
    }

    private static float[] Scaled(InteractionMatrix matrix, float[] basis, int rank, double power, double smoothing)
    {
        var scaled = new float[basis.LongLength];
        for (int i = 0; i < matrix.ItemCount; i++)
            Vectors.Add((float)Math.Pow(Math.Max(matrix.Items.Length(i), 1) + smoothing, power), basis.AsSpan(i * rank, rank),
                scaled.AsSpan(i * rank, rank));
        return scaled;
    }

    /// <summary>
    /// Output vectors by ridge regression: for item i the target is 1 for its users, from their other items, and 0 with low weight for all
    /// users. Rotates input (and <paramref name="other"/>, if given) to the axes of the result.
    /// </summary>
    private static float[] Ridge(InteractionMatrix matrix, SpectralSettings s, float[] input, float[]? other, int threads,
        CancellationToken cancellation)
    {
        int rank = s.Rank, users = matrix.UserCount, items = matrix.ItemCount;
        var unit = new float[(long)users * rank];
        var length = new float[users];
        var rows = matrix.Users;
        ParallelRows.Run(users, 256, threads, take =>
        {
            while (take() is var (from, to))
            {
                for (int u = from; u < to; u++)
                {
                    var x = unit.AsSpan(u * rank, rank);
                    for (long e = rows.Starts[u]; e < rows.Starts[u + 1]; e++)
                        Vectors.Add(rows.Weight(e) * rows.Target(e), input.AsSpan(rows.Columns[e] * rank, rank), x);
                    float norm = MathF.Sqrt(Vectors.Dot(x, x));
                    length[u] = norm > 0 ? 1 / norm : 0;
                    foreach (ref float v in x) v *= length[u];
                }
            }
        }, cancellation);
        var gram = Dense.ToPrincipalAxes(unit, users, rank, threads, out var axes, cancellation);
        Dense.Multiply(input, items, rank, axes, rank, input, threads, cancellation);
        if (other is not null) Dense.Multiply(other, items, rank, axes, rank, other, threads, cancellation);

        var itemWeights = IalsTrainer.ItemWeights(matrix, s.Damping);
        var output = new float[(long)items * rank];
        var columns = matrix.Items;
        ParallelRows.Run(items, 64, threads, take =>
        {
            using var solver = new RidgeSolver(rank);
            var diagonal = new float[rank];
            fixed (float* x = unit, p = input, c = length, b = diagonal, weights = columns.Weights, targets = columns.Targets,
                solved = output)
            fixed (int* who = columns.Columns)
            {
                while (take() is var (from, to))
                {
                    for (int i = from; i < to; i++)
                    {
                        long at = columns.Starts[i];
                        var source = new LeaveOneOutRows(x, c, p + (nint)i * rank, rank, who + at,
                            weights == null ? null : weights + at, targets == null ? null
                                : targets + at, itemWeights[i], columns.Length(i));
                        double mass = s.Alpha0 * users;
                        for (int e = 0; e < source.Count; e++) mass += source.Weight(e);
                        for (int k = 0; k < rank; k++) b[k] = (float)(s.Alpha0 * gram[k] + Math.Max(s.Lambda * mass, 1e-12));
                        solver.Solve(source, b, solved + (nint)i * rank);
                    }
                }
            }
        }, cancellation);
        return output;
    }

    /// <summary>Standard deviation of x·q over a sample of users × items, evenly chosen.</summary>
    private static double Deviation(InteractionMatrix matrix, float[] input, float[] output, int rank)
    {
        double sum = 0, squares = 0;
        long count = 0;
        var x = new float[rank];
        int userStep = Math.Max(1, matrix.UserCount / Sample), itemStep = Math.Max(1, matrix.ItemCount / Sample);
        for (int u = 0; u < matrix.UserCount; u += userStep)
        {
            LinearModel.Fold(matrix.Users.History(u), input, rank, x);
            for (int i = 0; i < matrix.ItemCount; i += itemStep)
            {
                double score = Vectors.Dot(x, output.AsSpan(i * rank, rank));
                sum += score;
                squares += score * score;
                count++;
            }
        }

        double variance = squares / count - sum / count * (sum / count);
        return variance > 0 ? Math.Sqrt(variance) : 1;
    }

    /// <summary>A user's unit vector without the contribution of item i: z = c_u (x_u − c·p·P_i).</summary>
    private readonly struct LeaveOneOutRows(float* unit, float* length, float* own, int rank, int* users, float* weights, float* targets,
        float itemWeight, int count) : IRidgeRows
    {
        public int Count => count;

        public float Weight(int e) => itemWeight * (weights == null ? 1 : weights[e]);

        public float Target(int e) => targets == null ? 1 : targets[e];

        public float* Row(int e, float* buffer)
        {
            int u = users[e];
            new ReadOnlySpan<float>(unit + (nint)u * rank, rank).CopyTo(new Span<float>(buffer, rank));
            Vectors.Add(-length[u] * (weights == null ? 1 : weights[e]) * Target(e), own, buffer, rank);
            return buffer;
        }
    }
}
