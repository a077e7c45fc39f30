using System.Runtime.CompilerServices;

namespace Recommender.Factorization.Algebra;

/// <summary>Rows of a ridge regression that are rows of a factor matrix, selected by index.</summary>
internal readonly unsafe struct FactorRows(float* factors, int rank, int* indices, float* weights, float* targets, float* columnWeights,
    float weight, int count) : IRidgeRows
{
    /// <summary>Rows of the factors (<c>rows × rank</c>); null weights and targets stand for ones.</summary>
    public int Count => count;

    /// <summary>Product of the weights of the entry, its column and the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Weight(int e) => weight * (weights == null ? 1 : weights[e]) * (columnWeights == null ? 1 : columnWeights[indices[e]]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Target(int e) => targets == null ? 1 : targets[e];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int e, float* buffer) => factors + (nint)indices[e] * rank;
}
