using MathNet.Numerics.LinearAlgebra;

namespace Recommender.Factorization.Tests;

/// <summary>EASE (Steck 2019, arXiv:1905.03375), the oracle for small catalogues: B = −P / diag(P) off the diagonal, P = (XᵀX + λI)⁻¹.</summary>
internal static class Ease
{
    public static ScoreItems Train(InteractionMatrix matrix, double lambda)
    {
        int items = matrix.ItemCount;
        var gram = Matrix<double>.Build.Dense(items, items);
        for (int u = 0; u < matrix.UserCount; u++)
            foreach (int i in matrix.Users.Row(u))
                foreach (int j in matrix.Users.Row(u)) gram[i, j]++;
        for (int i = 0; i < items; i++) gram[i, i] += lambda;
        var p = gram.Cholesky().Solve(Matrix<double>.Build.DenseIdentity(items));
        var b = new float[items * items];
        for (int i = 0; i < items; i++)
            for (int j = 0; j < items; j++) b[i * items + j] = i == j ? 0 : (float)(-p[i, j] / p[j, j]);
        return (history, scores) =>
        {
            foreach (var entry in history)
                for (int j = 0; j < items; j++) scores[j] += b[entry.Item * items + j];
        };
    }
}
