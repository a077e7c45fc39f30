using System.Buffers;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>A request body in a buffer of the shared pool.</summary>
public sealed class RentedBody(int capacity) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, Length);

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, Length);

    internal Memory<byte> Free()
    {
        if (_end == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_end, Math.Min(_buffer.Length, Limits.BodyBytes) - _end);
    }

    internal void Advance(int count) => _end += count;

    /// <summary>Skips the first bytes.</summary>
    internal void Skip(int count) => _start += count;

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = 0;
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }
}
