namespace Recommender.FactorStore;

/// <summary>
/// A user's encoded value in a buffer that may be pooled. Its receiver disposes it once and must not use the bytes afterwards. The default
/// is the value of a user without one.
/// </summary>
public readonly struct PooledValue : IDisposable
{
    private readonly byte[]? _bytes;
    private readonly int _length;
    private readonly IBufferOwner? _owner;

    internal PooledValue(byte[] bytes, int length, IBufferOwner? owner) => (_bytes, _length, _owner) = (bytes, length, owner);

    public bool IsNull => _bytes is null;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Wraps bytes that are not pooled.</summary>
    public static PooledValue Of(byte[]? bytes) => bytes is null ? default : new(bytes, bytes.Length, owner: null);

    internal bool IsOwnedBy(IBufferOwner owner) => ReferenceEquals(_owner, owner);

    public void Dispose() => _owner?.Return();
}
