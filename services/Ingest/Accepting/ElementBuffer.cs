using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Recommender.Ingest.Accepting;

/// <summary>A JSON array under construction, in a buffer of the shared pool.</summary>
internal sealed class ElementBuffer : IBufferWriter<byte>, IDisposable
{
    // The text goes to a message, not into a page: only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions s_options =
        new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Utf8JsonWriter _writer;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;

    public ElementBuffer()
    {
        _writer = new Utf8JsonWriter(this, s_options);
        _writer.WriteStartArray();
    }

    public int Count { get; private set; }

    /// <summary>Bytes so far.</summary>
    public int Length => _length + _writer.BytesPending;

    /// <summary>The whole array. Only after <see cref="Close"/>.</summary>
    public ReadOnlyMemory<byte> Array => _buffer.AsMemory(0, _length);

    /// <summary>The elements without the brackets. Only after <see cref="Close"/>.</summary>
    public ReadOnlySpan<byte> Elements => _buffer.AsSpan(1, _length - 2);

    public void Add<T>(T element, JsonTypeInfo<T> typeInfo)
    {
        JsonSerializer.Serialize(_writer, element, typeInfo);
        Count++;
    }

    public void Close()
    {
        _writer.WriteEndArray();
        _writer.Flush();
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length == 0) return;
        _length = 0;
        _writer.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
    }

    void IBufferWriter<byte>.Advance(int count) => _length += count;

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        Grow(sizeHint);
        return _buffer.AsMemory(_length);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint)
    {
        Grow(sizeHint);
        return _buffer.AsSpan(_length);
    }

    private void Grow(int sizeHint)
    {
        if (_buffer.Length - _length >= Math.Max(sizeHint, 1)) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + sizeHint));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
