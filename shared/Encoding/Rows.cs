using System.Numerics.Tensors;

namespace Recommender.Encoders;

/// <summary>Checks and scales vectors in place.</summary>
internal static class Rows
{
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Check(int batch, int dimensions, Memory<float> vectors)
    {
        if (vectors.Length != (long)batch * dimensions)
            throw new ArgumentException($"{batch} contents need {batch} × {dimensions} numbers; got room for {vectors.Length}.",
                nameof(vectors));
    }

    /// <summary>Scales a row to length 1. A row that is zero or not finite becomes zero.</summary>
    public static void Normalize(Span<float> row)
    {
        float norm = TensorPrimitives.Norm<float>(row);
        if (float.IsFinite(norm) && norm > 0) TensorPrimitives.Divide(row, norm, row);
        else row.Clear();
    }
}
