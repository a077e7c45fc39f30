using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Factorization.Learners.Spectral;

/// <summary>
/// Leading right singular vectors V of the normalised data <c>R_ui = (n_u + s)^−a (m_i + s)^−b</c>, by a randomised block power method
/// (Halko, Martinsson, Tropp 2011). n_u and m_i count interactions; pairs with target 0 are left out.
/// </summary>
internal static unsafe class SpectralBasis
{
    /// <summary>Extra columns during the iteration, for the accuracy of the last columns kept.</summary>
    private const int Oversampling = 20;

    /// <returns><c>items × rank</c>, orthonormal columns, strongest first; columns beyond the data's own rank are zero.</returns>
    public static float[] Compute(InteractionMatrix matrix, int rank, double a, double b, double smoothing, int powerSteps, int seed,
        int threads, CancellationToken cancellation)
    {
        int users = matrix.UserCount, items = matrix.ItemCount;
        int width = Math.Min(rank + Oversampling, Math.Max(rank, items));
        var userScale = Scale(matrix.Users, a, smoothing);
        var itemScale = Scale(matrix.Items, b, smoothing);
        var z = IalsTrainer.Normal(items, width, 1, seed);
        var y = new float[(long)users * width];
        for (int step = 0; step < powerSteps; step++)
        {
            Apply(matrix.Users, userScale, itemScale, z, y, width, threads, cancellation);
            Orthonormalise(y, users, width, threads, cancellation);
            Apply(matrix.Items, itemScale, userScale, y, z, width, threads, cancellation);
            Orthonormalise(z, items, width, threads, cancellation);
        }

        // Repeated, to remove rounding errors of the first pass.
        Orthonormalise(z, items, width, threads, cancellation);
        Apply(matrix.Users, userScale, itemScale, z, y, width, threads, cancellation);
        var (_, w) = SymmetricEigen.Decompose(Dense.Gram(y, users, width, threads, null, cancellation), width);
        var leading = new double[width * rank];
        for (int k = 0; k < width; k++) Array.Copy(w, k * width, leading, k * rank, rank);
        var v = new float[(long)items * rank];
        Dense.Multiply(z, items, width, leading, rank, v, threads, cancellation);
        return v;
    }

    private static float[] Scale(SparseRows rows, double power, double smoothing)
    {
        var scale = new float[rows.Count];
        for (int r = 0; r < scale.Length; r++) scale[r] = (float)Math.Pow(Math.Max(rows.Length(r), 1) + smoothing, -power);
        return scale;
    }

    /// <summary>Computes target = R·source. Entries of R with a positive target are row scale × column scale, others 0.</summary>
    private static void Apply(SparseRows rows, float[] rowScale, float[] columnScale, float[] source, float[] target, int width,
        int threads, CancellationToken cancellation)
    {
        ParallelRows.Run(rows.Count, 64, threads, take =>
        {
            fixed (float* s = source, t = target)
            {
                while (take() is var (from, to))
                {
                    for (int r = from; r < to; r++)
                    {
                        float* sum = t + (nint)r * width;
                        new Span<float>(sum, width).Clear();
                        for (long e = rows.Starts[r]; e < rows.Starts[r + 1]; e++)
                        {
                            int c = rows.Columns[e];
                            float positive = rows.Target(e);
                            if (positive > 0) Vectors.Add(positive * rowScale[r] * columnScale[c], s + (nint)c * width, sum, width);
                        }
                    }
                }
            }
        }, cancellation);
    }

    /// <summary>X ← X·V·D^−½ with XᵀX = V·D·Vᵀ; directions lost in rounding become zero.</summary>
    private static void Orthonormalise(float[] x, int rows, int width, int threads, CancellationToken cancellation)
    {
        var (values, vectors) = SymmetricEigen.Decompose(Dense.Gram(x, rows, width, threads, null, cancellation), width);
        for (int j = 0; j < width; j++)
        {
            double scale = values[j] > values[0] * 1e-9 && values[j] > 0 ? 1 / Math.Sqrt(values[j]) : 0;
            for (int k = 0; k < width; k++) vectors[k * width + j] *= scale;
        }

        Dense.Multiply(x, rows, width, vectors, width, x, threads, cancellation);
    }
}
