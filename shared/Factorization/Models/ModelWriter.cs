using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Recommender.Factorization.Models;

internal sealed class ModelWriter
{
    private readonly Stream _stream;

    public ModelWriter(Stream stream, string learner)
    {
        this._stream = stream;
        Integer(unchecked((int)ModelFormat.Magic));
        Integer(ModelFormat.Version);
        Text(learner);
    }

    public void Integer(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _stream.Write(bytes);
    }

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Integer(bytes.Length);
        _stream.Write(bytes);
    }

    public void Numbers<T>(ReadOnlySpan<T> numbers) where T : unmanaged
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, numbers.Length);
        _stream.Write(length);
        // In pieces, because the bytes of a large array exceed the length of a span.
        for (int at = 0; at < numbers.Length; at += 1 << 20)
            _stream.Write(MemoryMarshal.AsBytes(numbers[at..Math.Min(at + (1 << 20), numbers.Length)]));
    }

    public void End() => Integer(unchecked((int)ModelFormat.EndMark));
}
