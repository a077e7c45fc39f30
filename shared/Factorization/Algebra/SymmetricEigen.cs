using System.Numerics.Tensors;

namespace Recommender.Factorization.Algebra;

/// <summary>
/// Eigenvalues and -vectors of a symmetric matrix in double precision: Householder reduction to tridiagonal form, then implicit QL
/// (the EISPACK pair tred2/tql2), arranged so that every inner loop runs along a row.
/// </summary>
internal static class SymmetricEigen
{
    /// <param name="matrix"><c>n × n</c> row-major; only read.</param>
    /// <returns>Eigenvalues, largest first, and the matrix V (<c>n × n</c>, row-major) whose column j belongs to value j.</returns>
    public static (double[] Values, double[] Vectors) Decompose(double[] matrix, int n)
    {
        var a = (double[])matrix.Clone();
        var d = new double[n];
        var e = new double[n];
        // Rows of q are the vectors: q starts as the identity and takes every rotation as a combination of two rows.
        var q = Tridiagonalise(a, n, d, e);
        Ql(d, e, q, n);

        var order = Enumerable.Range(0, n).ToArray();
        Array.Sort(order, (x, y) => d[x] != d[y] ? d[y].CompareTo(d[x]) : x.CompareTo(y));
        var values = new double[n];
        var vectors = new double[n * n];
        for (int j = 0; j < n; j++)
        {
            values[j] = d[order[j]];
            var row = q.AsSpan(order[j] * n, n);
            // The sign is arbitrary; fix it so that the largest component is positive.
            int largest = 0;
            for (int i = 1; i < n; i++) if (Math.Abs(row[i]) > Math.Abs(row[largest]) * (1 + 1e-9)) largest = i;
            double sign = row.Length > 0 && row[largest] < 0 ? -1 : 1;
            for (int i = 0; i < n; i++) vectors[i * n + j] = sign * row[i];
        }

        return (values, vectors);
    }

    /// <summary>Reduces a to tridiagonal form (d, e) and returns Q, row k being the k-th basis vector.</summary>
    private static double[] Tridiagonalise(double[] a, int n, double[] d, double[] e)
    {
        // Householder vectors v_k act on components k+1..n-1; kept in the rows of a.
        var scales = new double[n];
        var p = new double[n];
        for (int k = 0; k < n - 2; k++)
        {
            var v = a.AsSpan(k * n, n)[(k + 1)..];
            double norm = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(v));
            e[k] = norm == 0 ? 0 : v[0] > 0 ? -norm : norm;
            if (norm == 0 || TensorPrimitives.SumOfSquares<double>(v[1..]) == 0)
            {
                e[k] = v[0];
                scales[k] = 0;
                continue;
            }

            v[0] -= e[k];
            double scale = 2 / TensorPrimitives.SumOfSquares<double>(v);
            scales[k] = scale;
            int m = n - k - 1;
            var product = p.AsSpan(0, m);
            for (int i = 0; i < m; i++) product[i] = scale * TensorPrimitives.Dot<double>(a.AsSpan((k + 1 + i) * n + k + 1, m), v);
            double half = scale / 2 * TensorPrimitives.Dot<double>(product, v);
            TensorPrimitives.MultiplyAdd<double>(v, -half, product, product);
            for (int i = 0; i < m; i++)
            {
                var row = a.AsSpan((k + 1 + i) * n + k + 1, m);
                TensorPrimitives.MultiplyAdd<double>(product, -v[i], row, row);
                TensorPrimitives.MultiplyAdd<double>(v, -product[i], row, row);
            }
        }

        if (n >= 2) e[n - 2] = a[(n - 2) * n + n - 1];
        for (int i = 0; i < n; i++) d[i] = a[i * n + i];

        // Rows of q: qᵀ = H_0 H_1 … H_{n-3}, so q's rows are transformed from the last reflection to the first.
        var q = new double[n * n];
        for (int i = 0; i < n; i++) q[i * n + i] = 1;
        for (int k = n - 3; k >= 0; k--)
        {
            if (scales[k] == 0) continue;
            var v = a.AsSpan(k * n + k + 1, n - k - 1);
            for (int i = k + 1; i < n; i++)
            {
                var row = q.AsSpan(i * n + k + 1, n - k - 1);
                TensorPrimitives.MultiplyAdd<double>(v, -scales[k] * TensorPrimitives.Dot<double>(row, v), row, row);
            }
        }

        return q;
    }

    private static void Ql(double[] d, double[] e, double[] q, int n)
    {
        for (int l = 0; l < n; l++)
        {
            for (int iteration = 0; ; iteration++)
            {
                int m = l;
                for (; m < n - 1; m++)
                {
                    double size = Math.Abs(d[m]) + Math.Abs(d[m + 1]);
                    if (Math.Abs(e[m]) <= 2.3e-16 * size) break;
                }

                if (m == l) break;
                if (iteration == 60) throw new ArithmeticException(
                    "The eigenvalues of a Gram matrix did not converge: the factors hold numbers that are not finite.");
                double g = (d[l + 1] - d[l]) / (2 * e[l]);
                double r = Math.Sqrt(g * g + 1);
                g = d[m] - d[l] + e[l] / (g + Math.CopySign(r, g));
                double s = 1, c = 1, p = 0;
                int i = m - 1;
                for (; i >= l; i--)
                {
                    double f = s * e[i], b = c * e[i];
                    r = Math.Sqrt(f * f + g * g);
                    e[i + 1] = r;
                    if (r == 0)
                    {
                        d[i + 1] -= p;
                        e[m] = 0;
                        break;
                    }

                    s = f / r;
                    c = g / r;
                    g = d[i + 1] - p;
                    r = (d[i] - g) * s + 2 * c * b;
                    p = s * r;
                    d[i + 1] = g + p;
                    g = c * r - b;
                    var low = q.AsSpan(i * n, n);
                    var high = q.AsSpan((i + 1) * n, n);
                    Rotate(low, high, c, s);
                }

                if (r == 0 && i >= l) continue;
                d[l] -= p;
                e[l] = g;
                e[m] = 0;
            }
        }
    }

    /// <summary>(low, high) ← (c·low − s·high, s·low + c·high).</summary>
    private static void Rotate(Span<double> low, Span<double> high, double c, double s)
    {
        int i = 0;
        if (System.Numerics.Vector.IsHardwareAccelerated)
        {
            var vc = new System.Numerics.Vector<double>(c);
            var vs = new System.Numerics.Vector<double>(s);
            int width = System.Numerics.Vector<double>.Count;
            for (; i <= low.Length - width; i += width)
            {
                var x = new System.Numerics.Vector<double>(low[i..]);
                var y = new System.Numerics.Vector<double>(high[i..]);
                (vc * x - vs * y).CopyTo(low[i..]);
                (vs * x + vc * y).CopyTo(high[i..]);
            }
        }

        for (; i < low.Length; i++)
        {
            double x = low[i], y = high[i];
            low[i] = c * x - s * y;
            high[i] = s * x + c * y;
        }
    }
}
