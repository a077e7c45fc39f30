using System.Runtime.Intrinsics;

namespace Recommender.Retrieval;

/// <summary>
/// The inner loops of retrieval. Implementations differ in the instructions they use. Float results may differ between
/// implementations (and so between CPUs) in the last bits, because the order of the additions does; within one they never do:
/// <see cref="Dots"/> gives to the bit what <see cref="Dot"/> gives. Int8 results are exact integers and equal everywhere.
/// </summary>
/// <remarks>The environment variable <c>RECOMMENDER_KERNEL</c> forces one by name, for tests and for telling a CPU's defect from ours.</remarks>
public abstract unsafe class Kernel
{
    /// <summary>Every kernel this CPU can run, best first.</summary>
    public static IReadOnlyList<Kernel> Supported { get; } = FindSupported();

    /// <summary>The kernel used unless another is asked for: the forced one, else the best supported.</summary>
    public static Kernel Default { get; } = Choose(Environment.GetEnvironmentVariable("RECOMMENDER_KERNEL"));

    /// <summary>What it is forced and reported by, e.g. <c>avx2</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Σ x[j]·y[j] over <paramref name="length"/> numbers, in this kernel's order of additions.</summary>
    public abstract float Dot(float* x, float* y, int length);

    /// <summary>The dot product of <paramref name="query"/> with each of <paramref name="count"/> consecutive rows.</summary>
    /// <param name="query"><paramref name="rank"/> numbers.</param>
    /// <param name="rows">count × rank, row-major.</param>
    /// <param name="scores">Receives count numbers.</param>
    public virtual void Dots(float* query, float* rows, int count, int rank, float* scores)
    {
        for (int i = 0; i < count; i++) scores[i] = Dot(query, rows + ((long)i * rank), rank);
    }

    /// <summary>The dot product of two spans of one length.</summary>
    public float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"Lengths {x.Length} and {y.Length} differ.", nameof(y));
        fixed (float* px = x, py = y) return Dot(px, py, x.Length);
    }

    internal static Kernel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name)) return Supported[0];
        foreach (Kernel kernel in Supported)
        {
            if (string.Equals(kernel.Name, name, StringComparison.OrdinalIgnoreCase)) return kernel;
        }

        throw new ArgumentException($"RECOMMENDER_KERNEL is '{name}'; this CPU can run {string.Join(", ", Supported.Select(k => k.Name))}.", nameof(name));
    }

    private static List<Kernel> FindSupported()
    {
        var kernels = new List<Kernel>();
        if (Vector256.IsHardwareAccelerated) kernels.Add(new Vector256Kernel());
        kernels.Add(new ScalarKernel());
        return kernels;
    }
}
