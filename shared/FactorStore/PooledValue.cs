using System.Buffers;

namespace Recommender.FactorStore;

/// <summary>
/// A user's encoded value in a buffer that may belong to the shared pool. Whoever got it disposes it once, when the bytes have been used.
/// The default value stands for a user without one.
/// </summary>
public readonly struct PooledValue : IDisposable
{
    private readonly byte[]? _bytes;
    private readonly int _length;
    private readonly bool _isPooled;

    private PooledValue(byte[]? bytes, int length, bool isPooled) => (_bytes, _length, _isPooled) = (bytes, length, isPooled);

    public bool IsNull => _bytes is null;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Wraps bytes that stay with their owner.</summary>
    public static PooledValue Of(byte[]? bytes) => new(bytes, bytes?.Length ?? 0, isPooled: false);

    /// <summary>Copies bytes into a buffer of the pool.</summary>
    public static PooledValue Copy(ReadOnlySpan<byte> bytes)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, 1));
        bytes.CopyTo(buffer);
        return new PooledValue(buffer, bytes.Length, isPooled: true);
    }

    public void Dispose()
    {
        if (_isPooled) ArrayPool<byte>.Shared.Return(_bytes!);
    }
}
