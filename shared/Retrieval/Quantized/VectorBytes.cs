using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Recommender.Retrieval.Quantized;

/// <summary>
/// A vector in one byte per number for storing and sending: scale (float32, little-endian), then numbers z from −127 to 127 with vector ≈
/// scale · z. The error of a number is at most half of the scale, which is the largest number divided by 127.
/// </summary>
public static class VectorBytes
{
    /// <summary>Encodes a vector. One that is zero or not finite is encoded as zero.</summary>
    public static byte[] Encode(ReadOnlySpan<float> vector)
    {
        byte[] bytes = new byte[sizeof(float) + vector.Length];
        float largest = 0;
        foreach (float number in vector) largest = float.IsFinite(number) ? Math.Max(largest, Math.Abs(number)) : float.NaN;
        if (!(largest > 0)) return bytes;
        float scale = largest / 127;
        BinaryPrimitives.WriteSingleLittleEndian(bytes, scale);
        var numbers = MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan(sizeof(float)));
        for (int at = 0; at < vector.Length; at++) numbers[at] = (sbyte)Math.Clamp(MathF.Round(vector[at] / scale), -127, 127);
        return bytes;
    }

    /// <summary>Number of dimensions.</summary>
    public static int Dimensions(ReadOnlySpan<byte> bytes) => Math.Max(0, bytes.Length - sizeof(float));

    /// <param name="vector">Receives <see cref="Dimensions"/> numbers.</param>
    public static void Decode(ReadOnlySpan<byte> bytes, Span<float> vector)
    {
        TensorPrimitives.ConvertTruncating<sbyte, float>(MemoryMarshal.Cast<byte, sbyte>(bytes[sizeof(float)..]), vector);
        TensorPrimitives.Multiply(vector, BinaryPrimitives.ReadSingleLittleEndian(bytes), vector);
    }
}
