using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Spectral;

namespace Recommender.Factorization.Learners.Ials;

/// <summary>Trains <see cref="IalsModel"/>s by exact half-steps: all users with items fixed, then all items with users fixed.</summary>
public static unsafe class IalsTrainer
{
    /// <inheritdoc cref="LearnerSettings.Train"/>
    public static IalsModel Train(InteractionMatrix matrix, IalsSettings settings, TrainOptions? options = null,
        CancellationToken cancellation = default)
    {
        settings.Validate();
        return Train(matrix.Aged(settings.HalfLife), matrix, settings, options ?? new TrainOptions(), cancellation);
    }

    /// <param name="matrix">Training data, with weights aged by the settings.</param>
    /// <param name="served">The same data with the weights of histories at fold-in.</param>
    internal static IalsModel Train(InteractionMatrix matrix, InteractionMatrix served, IalsSettings settings, TrainOptions options,
        CancellationToken cancellation)
    {
        int rank = settings.Rank, users = matrix.UserCount, items = matrix.ItemCount;
        if (matrix.Count == 0) throw new ArgumentException("There is nothing to learn from: the data holds no interactions.",
            nameof(matrix));
        if ((long)Math.Max(users, items) * rank > Array.MaxLength)
            throw new ArgumentException($"{Math.Max(users, items)} rows × rank {rank} exceed one array; lower Rank to "
                + $"{Array.MaxLength / Math.Max(users, items)}.");
        // Training uses aged weights and serving the original ones; the average weight of a pair is 1 in both.
        var itemWeights = ItemWeights(matrix, settings.Damping);
        var servedWeights = matrix == served ? itemWeights : ItemWeights(served, settings.Damping);
        var itemFactors = Start(served, settings, options, cancellation);
        var userFactors = new float[(long)users * rank];
        bool userBlocks = BlockSolver.IsWorthwhile(matrix.Users, rank), itemBlocks = BlockSolver.IsWorthwhile(matrix.Items, rank);
        for (int epoch = 1; ; epoch++)
        {
            var gram = Dense.ToPrincipalAxes(itemFactors, items, rank, options.Threads, out var axes, cancellation);
            HalfStep(matrix.Users, itemFactors, gram, items, settings, itemWeights, null, userFactors, options.Threads, cancellation,
                Turned(userBlocks, userFactors, users));
            gram = Dense.ToPrincipalAxes(userFactors, users, rank, options.Threads, out axes, cancellation);
            HalfStep(matrix.Items, userFactors, gram, users, settings, null, itemWeights, itemFactors, options.Threads, cancellation,
                Turned(itemBlocks, itemFactors, items));

            // Blocks improve the solution of the last epoch, which must first be rotated to the axes of the other side. The first epoch has
            // no useful one.
            bool Turned(bool blocks, float[] last, int rows)
            {
                if (!blocks || epoch == 1) return false;
                Dense.Multiply(last, rows, rank, axes, rank, last, options.Threads, cancellation);
                return true;
            }

            options.Progress?.Invoke(new TrainProgress(epoch, settings.Epochs));
            bool last = epoch == settings.Epochs;
            if (!last && options.StopAfter is null) continue;
            var factors = last ? itemFactors : (float[])itemFactors.Clone();
            gram = Dense.ToPrincipalAxes(factors, items, rank, options.Threads, cancellation);
            var model = new IalsModel(settings with { Epochs = epoch }, factors, gram, servedWeights);
            if (options.StopAfter?.Invoke(epoch, model) == true || last) return model;
        }
    }

    /// <summary>
    /// Creates a model from given item factors; users are folded in with these settings. The factors are rotated to their principal axes,
    /// which does not change scores.
    /// </summary>
    /// <param name="itemFactors"><c>items × rank</c>, row-major.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows, or not finite.</exception>
    public static IalsModel FromItemFactors(float[] itemFactors, IalsSettings settings)
    {
        settings.Validate();
        if (itemFactors.Length == 0 || itemFactors.Length % settings.Rank != 0)
            throw new ArgumentException($"{itemFactors.Length} numbers are not whole rows of rank {settings.Rank}.", nameof(itemFactors));
        if (Array.Exists(itemFactors, f => !float.IsFinite(f)))
            throw new ArgumentException("Item factors must be finite.", nameof(itemFactors));
        int items = itemFactors.Length / settings.Rank;
        var factors = (float[])itemFactors.Clone();
        var weights = new float[items];
        weights.AsSpan().Fill(1);
        return new IalsModel(settings, factors, Dense.ToPrincipalAxes(factors, items, settings.Rank, 1, default), weights);
    }

    /// <summary>Folds in all users of <paramref name="matrix"/>. Returns <c>users × rank</c>, row-major.</summary>
    public static float[] Users(IalsModel model, InteractionMatrix matrix, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(matrix.ItemCount, model.ItemCount);
        var users = new float[(long)matrix.UserCount * model.Rank];
        HalfStep(matrix.Users, model.Factors, model.Gram, model.ItemCount, model.Settings, model.ItemWeights, null, users, threads,
            cancellation);
        return users;
    }

    /// <summary>
    /// o_i: m_i^−g, scaled to an average weight of 1 over observed pairs, so that alpha0 does not depend on the scale of event weights.
    /// </summary>
    internal static float[] ItemWeights(InteractionMatrix matrix, double damping)
    {
        var weights = new float[matrix.ItemCount];
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            int m = matrix.Items.Length(i);
            double damped = Math.Pow(Math.Max(m, 1), -damping);
            weights[i] = (float)damped;
            for (long e = matrix.Items.Starts[i]; e < matrix.Items.Starts[i + 1]; e++) sum += damped * matrix.Items.Weight(e);
        }

        float scale = (float)(matrix.Count / sum);
        foreach (ref float w in weights.AsSpan()) w *= scale;
        return weights;
    }

    private static float[] Start(InteractionMatrix matrix, IalsSettings settings, TrainOptions options, CancellationToken cancellation)
    {
        int rank = settings.Rank, items = matrix.ItemCount;
        // Items missing from a warm start start at random, or with a spectral start at zero; the first half-step solves them.
        bool spectral = settings.Start == IalsStart.Spectral;
        if (spectral && options.WarmStart is null) return SpectralStart(matrix, settings, options.Threads, cancellation);
        var factors = spectral ? new float[(long)items * rank] : Normal(items, rank, .1 / Math.Sqrt(rank), settings.Seed);
        if (options.WarmStart is not { } warm) return factors;
        if (warm.LongLength != factors.LongLength)
            throw new ArgumentException($"The warm start has {warm.LongLength} numbers; {items} items × rank {rank} need "
                + $"{factors.LongLength}.");
        for (int i = 0; i < items; i++)
        {
            var row = warm.AsSpan(i * rank, rank);
            if (row.ContainsAnyExcept(0f)) row.CopyTo(factors.AsSpan(i * rank));
        }

        return factors;
    }

    /// <summary>Spectral start: (m_i + 20)^½ V_i of a smoothed basis, scaled to a mean squared length of 1.</summary>
    internal static float[] SpectralStart(InteractionMatrix matrix, IalsSettings settings, int threads, CancellationToken cancellation)
    {
        const double Smoothing = 20, Power = .5;
        int rank = settings.Rank;
        var start = SpectralBasis.Compute(matrix, rank, Power, Power, Smoothing, powerSteps: 2, settings.Seed, threads, cancellation);
        double squares = 0;
        for (int i = 0; i < matrix.ItemCount; i++)
        {
            float scale = (float)Math.Pow(matrix.Items.Length(i) + Smoothing, Power);
            foreach (ref float v in start.AsSpan(i * rank, rank))
            {
                v *= scale;
                squares += v * v;
            }
        }

        float unit = (float)Math.Sqrt(matrix.ItemCount / squares);
        foreach (ref float v in start.AsSpan()) v *= unit;
        return start;
    }

    /// <summary>Normally distributed numbers that depend only on the seed, not on the generator of the runtime.</summary>
    internal static float[] Normal(int rows, int columns, double deviation, int seed)
    {
        var numbers = new float[(long)rows * columns];
        ulong state = (ulong)(uint)seed * 0x9E3779B97F4A7C15 + 0x1234567;
        double Next()
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }

        for (long k = 0; k < numbers.LongLength; k += 2)
        {
            double radius = deviation * Math.Sqrt(-2 * Math.Log(1 - Next()));
            var (sin, cos) = Math.SinCos(2 * Math.PI * Next());
            numbers[k] = (float)(radius * cos);
            if (k + 1 < numbers.LongLength) numbers[k + 1] = (float)(radius * sin);
        }

        return numbers;
    }

    /// <summary>Solves every row with the other side fixed, which must be in its principal axes.</summary>
    /// <param name="gram">Diagonal of the other side's Gram matrix.</param>
    /// <param name="columnWeights">o_i if the columns are items, else null.</param>
    /// <param name="rowWeights">o_i if the rows are items, else null.</param>
    /// <param name="improve">Whether the result contains a solution that block steps may improve for long histories.</param>
    internal static void HalfStep(
        SparseRows rows, float[] other, double[] gram, int otherCount, IalsSettings settings,
        float[]? columnWeights, float[]? rowWeights, float[] result, int threads, CancellationToken cancellation, bool improve = false)
    {
        int rank = settings.Rank;
        ParallelRows.Run(rows.Count, 64, threads, take =>
        {
            using var solver = new RidgeSolver(rank);
            using var blocks = improve ? new BlockSolver(rank) : null;
            var diagonal = new float[rank];
            fixed (float* factors = other, weights = rows.Weights, targets = rows.Targets, byColumn = columnWeights, b = diagonal,
                solved = result)
            fixed (int* columns = rows.Columns)
            {
                while (take() is var (from, to))
                {
                    for (int r = from; r < to; r++)
                    {
                        long at = rows.Starts[r];
                        var source = new FactorRows(
                            factors, rank, columns + at, weights == null ? null : weights + at, targets == null ? null : targets + at,
                            byColumn, rowWeights is null ? 1 : rowWeights[r], rows.Length(r));
                        Diagonal(source, gram, otherCount, settings, b);
                        if (blocks is not null && BlockSolver.IsWorthwhile(source.Count, rank))
                            blocks.Improve(source, b, solved + (nint)r * rank);
                        else solver.Solve(source, b, solved + (nint)r * rank);
                    }
                }
            }
        }, cancellation);
    }

    /// <summary>alpha0·D + λ·(Σc + alpha0·n)^ν.</summary>
    internal static void Diagonal<T>(T rows, double[] gram, int otherCount, IalsSettings settings, float* diagonal)
        where T : struct, IRidgeRows
    {
        double mass = 0;
        for (int e = 0; e < rows.Count; e++) mass += rows.Weight(e);
        mass += settings.Alpha0 * otherCount;
        // The minimum keeps rows without weight solvable if alpha0 is 0; their solution is zero.
        double ridge = Math.Max(settings.Lambda * (settings.Nu == 1 ? mass : Math.Pow(mass, settings.Nu)), 1e-12);
        for (int k = 0; k < gram.Length; k++) diagonal[k] = (float)(settings.Alpha0 * gram[k] + ridge);
    }

    /// <summary>
    /// The loss of training: observed part + alpha0·Σ(x·y)² over all pairs + regularization. In double precision, for tests and curves.
    /// </summary>
    public static double Loss(InteractionMatrix matrix, IalsSettings settings, float[] userFactors, float[] itemFactors)
    {
        int rank = settings.Rank;
        var itemWeights = ItemWeights(matrix, settings.Damping);
        double loss = 0;
        var itemMass = new double[matrix.ItemCount];
        for (int u = 0; u < matrix.UserCount; u++)
        {
            double userMass = 0;
            var x = userFactors.AsSpan(u * rank, rank);
            for (long e = matrix.Users.Starts[u]; e < matrix.Users.Starts[u + 1]; e++)
            {
                int i = matrix.Users.Columns[e];
                double c = matrix.Users.Weight(e) * itemWeights[i], error = -matrix.Users.Target(e);
                for (int k = 0; k < rank; k++) error += (double)x[k] * itemFactors[i * rank + k];
                loss += c * error * error;
                userMass += c;
                itemMass[i] += c;
            }

            loss += Penalty(x, userMass + settings.Alpha0 * matrix.ItemCount);
        }

        for (int i = 0; i < matrix.ItemCount; i++)
            loss += Penalty(itemFactors.AsSpan(i * rank, rank), itemMass[i] + settings.Alpha0 * matrix.UserCount);
        var users = Dense.Gram(userFactors, matrix.UserCount, rank, 1, null, default);
        var items = Dense.Gram(itemFactors, matrix.ItemCount, rank, 1, null, default);
        for (int k = 0; k < users.Length; k++) loss += settings.Alpha0 * users[k] * items[k];
        return loss;

        double Penalty(ReadOnlySpan<float> v, double mass)
        {
            double square = 0;
            foreach (float f in v) square += (double)f * f;
            return settings.Lambda * Math.Pow(mass, settings.Nu) * square;
        }
    }
}
