using MathNet.Numerics.LinearAlgebra;
using Recommender.Factorization.Algebra;

namespace Recommender.Factorization.Tests;

public sealed unsafe class AlgebraTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(0, 41), 63, 64, 65, 100, 127, 128, 129];

    private static float[] Numbers(int n, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    [Theory, MemberData(nameof(Lengths))]
    public void A_dot_product_equals_the_plain_sum(int n)
    {
        var (x, y) = (Numbers(n, 1), Numbers(n, 2));
        double expected = 0;
        for (int i = 0; i < n; i++) expected += (double)x[i] * y[i];
        Assert.Equal(expected, Vectors.Dot(x, y), 1e-5 * (n + 1));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Adding_and_multiplying_touch_every_element_and_none_beyond(int n)
    {
        var (x, y) = (Numbers(n, 1), Numbers(n + 8, 2));
        var before = (float[])y.Clone();
        fixed (float* a = x, b = y) Vectors.Add(.5f, a, b, n);
        for (int i = 0; i < n; i++) Assert.Equal(before[i] + .5f * x[i], y[i], 1e-6f);
        Assert.Equal(before[n..], y[n..]);

        var product = new float[n + 8];
        fixed (float* a = x, b = before, c = product) Vectors.Multiply(2, a, b, c, n);
        for (int i = 0; i < n; i++) Assert.Equal(2 * x[i] * before[i], product[i], 1e-6f);
        Assert.All(product[n..], v => Assert.Equal(0, v));
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(7), InlineData(16), InlineData(33)]
    public void A_tile_equals_its_scalar_reference_for_every_way_to_store(int k)
    {
        const int Ldb = 19, Ldc = 23;
        foreach (var store in Enum.GetValues<TileStore>())
        {
            foreach (var (rowStep, step) in new[] { (1, 6), (40, 1) })
            {
                var a = Numbers(4 * 40 + k * 6 + 8, 1);
                var b = Numbers(k * Ldb + 16, 2);
                var c = Numbers(4 * Ldc, 3);
                var expected = (float[])c.Clone();
                fixed (float* pa = a, pb = b, pc = c, pe = expected)
                {
                    Tile.Run(pa, rowStep, step, pb, Ldb, k, pc, Ldc, store);
                    Tile.RunScalar(pa, rowStep, step, pb, Ldb, k, pe, Ldc, store);
                }

                for (int i = 0; i < c.Length; i++) Assert.Equal(expected[i], c[i], 1e-5f);
            }
        }
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Panels_hold_the_transposed_rows_and_zeros(int n)
    {
        foreach (int k in new[] { 1, 7, 8, 9, 16, 30 })
        {
            int ld = k + 3;
            var source = Numbers(n * ld + 1, n);
            var target = Numbers(Tile.Padded(n) * k + 1, 5);
            fixed (float* s = source, t = target) Vectors.ToPanels(s, n, k, ld, t);
            for (int e = 0; e < Tile.Padded(n); e++)
                for (int p = 0; p < k; p++)
                    Assert.Equal(e < n ? source[e * ld + p] : 0, target[e / 16 * k * 16 + p * 16 + e % 16]);
        }
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Cholesky_solves_as_accurately_as_double_precision_allows(int n)
    {
        if (n == 0) return;
        var x = Matrix<double>.Build.Dense(n + 5, n, (i, j) => Math.Sin(i * 7.3 + j * j * 1.7));
        var s = x.TransposeThisAndMultiply(x) + Matrix<double>.Build.DenseIdentity(n);
        var y = Vector<double>.Build.Dense(n, i => Math.Cos(i * 3.1));
        var expected = s.Cholesky().Solve(y);
        int ld = Tile.Padded(n) + 16;
        var matrix = new float[Tile.Padded(n) * ld];
        for (int i = 0; i < n; i++)
            for (int j = i; j < n; j++) matrix[i * ld + j] = (float)s[i, j];
        var solution = y.Select(v => (float)v).Concat(new float[16]).ToArray();
        var inverse = new float[n];
        var scratch = new float[Cholesky.Scratch];
        fixed (float* m = matrix, i = inverse, w = scratch, v = solution)
        {
            Assert.True(Cholesky.Factor(m, n, ld, i, w));
            Cholesky.Solve(m, n, ld, i, v);
        }

        // The condition number reaches 1,000.
        for (int i = 0; i < n; i++) Assert.Equal(expected[i], solution[i], 1e-4 * (1 + expected.L2Norm()));
    }

    [Fact]
    public void Cholesky_refuses_a_matrix_that_is_not_positive_definite()
    {
        var matrix = new float[16 * 16];
        matrix[0] = 1;
        matrix[1] = 2;
        matrix[17] = 1;
        var inverse = new float[2];
        var scratch = new float[Cholesky.Scratch];
        fixed (float* m = matrix, i = inverse, w = scratch) Assert.False(Cholesky.Factor(m, 2, 16, i, w));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(17), InlineData(64), InlineData(130)]
    public void Eigenvectors_rebuild_the_matrix(int n)
    {
        var x = Matrix<double>.Build.Dense(n, n, (i, j) => Math.Sin(i * 7.3 + j * j * 1.7));
        var s = x.TransposeThisAndMultiply(x);
        if (n > 3) s = s - Matrix<double>.Build.DenseIdentity(n); // Some negative, some repeated.
        var (values, vectors) = SymmetricEigen.Decompose(s.ToRowMajorArray(), n);
        var v = Matrix<double>.Build.DenseOfRowMajor(n, n, vectors);
        var expected = s.Evd(Symmetricity.Symmetric).EigenValues.Select(c => c.Real).OrderDescending().ToArray();
        for (int i = 0; i < n; i++) Assert.Equal(expected[i], values[i], 1e-9 * (1 + s.L2Norm()));
        Assert.True((v.TransposeThisAndMultiply(v) - Matrix<double>.Build.DenseIdentity(n)).L2Norm() < 1e-10);
        Assert.True((v * Matrix<double>.Build.DenseOfDiagonalArray(values) * v.Transpose() - s).L2Norm() < 1e-9 * (1 + s.L2Norm()));
    }

    [Fact]
    public void Eigenvectors_of_diagonal_and_zero_matrices_are_found()
    {
        Assert.Equal([5, 3, 1], SymmetricEigen.Decompose([3, 0, 0, 0, 1, 0, 0, 0, 5], 3).Values);
        Assert.Equal([0, 0, 0], SymmetricEigen.Decompose(new double[9], 3).Values);
    }

    [Theory]
    [InlineData(1, 1), InlineData(700, 5), InlineData(2100, 17), InlineData(513, 64)]
    public void Gram_and_product_equal_double_precision_for_any_number_of_threads(int rows, int rank)
    {
        var x = Numbers(rows * rank, 3);
        var m = Matrix<double>.Build.DenseOfRowMajor(rows, rank, x.Select(v => (double)v));
        var expected = m.TransposeThisAndMultiply(m);
        var gram = Dense.Gram(x, rows, rank, 1, null, default);
        for (int i = 0; i < rank; i++)
            for (int j = 0; j < rank; j++) Assert.Equal(expected[i, j], gram[i * rank + j], 1e-5 * rows);
        Assert.Equal(gram, Dense.Gram(x, rows, rank, 3, null, default));

        var t = Matrix<double>.Build.Dense(rank, rank + 3, (i, j) => Math.Sin(i + 2 * j));
        var product = new float[rows * (rank + 3)];
        Dense.Multiply(x, rows, rank, t.ToRowMajorArray(), rank + 3, product, 2, default);
        var wanted = (m * t).ToRowMajorArray();
        for (int i = 0; i < product.Length; i++) Assert.Equal(wanted[i], product[i], 1e-4);
    }

    [Fact]
    public void Rows_can_be_solved_by_either_form_with_the_same_result()
    {
        foreach (int rank in new[] { 1, 3, 8, 15, 16, 17, 33, 64 })
        {
            foreach (int n in new[] { 1, 2, rank - 1, rank, rank + 1, 2 * rank + 7, 130 })
            {
                if (n <= 0) continue;
                var factors = Numbers(n * rank, rank + n);
                var weights = Numbers(n, 4).Select(v => Math.Abs(v) + .1f).ToArray();
                var targets = Enumerable.Range(0, n).Select(e => e % 3 == 0 ? 0f : 1).ToArray();
                var diagonal = Enumerable.Range(0, rank).Select(k => .3f + 10f / (k + 1)).ToArray();
                var f = Matrix<double>.Build.DenseOfRowMajor(n, rank, factors.Select(v => (double)v));
                var c = Matrix<double>.Build.DenseOfDiagonalArray([.. weights.Select(v => (double)v)]);
                var a = f.Transpose() * c * f + Matrix<double>.Build.DenseOfDiagonalArray([.. diagonal.Select(v => (double)v)]);
                var expected = a.Cholesky().Solve(f.Transpose() * c * Vector<double>.Build.DenseOfEnumerable(
                    targets.Select(v => (double)v)));
                var result = new float[rank];
                var shares = new float[n];
                var item = Numbers(rank, 99);
                using var solver = new RidgeSolver(rank);
                var indices = Enumerable.Range(0, n).ToArray();
                fixed (float* pf = factors, pw = weights, pt = targets, pd = diagonal, pr = result, ps = shares, pi = item)
                fixed (int* px = indices)
                {
                    var rows = new FactorRows(pf, rank, px, pw, pt, null, 1, n);
                    solver.Solve(rows, pd, pr);
                    solver.Shares(rows, pd, pi, ps);
                }

                double score = 0;
                for (int k = 0; k < rank; k++)
                {
                    Assert.Equal(expected[k], result[k], 1e-4 * (1 + expected.L2Norm())); // The condition number reaches 1,000.
                    score += expected[k] * item[k];
                }

                Assert.Equal(score, shares.Sum(), 1e-4 * (1 + Math.Abs(score)));
            }
        }
    }
}
