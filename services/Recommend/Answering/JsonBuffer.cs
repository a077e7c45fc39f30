using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recommender.Recommend.Answering;

/// <summary>JSON being written into one growing buffer that is used again for the next answer. The caller puts brackets and
/// commas.</summary>
internal sealed class JsonBuffer
{
    private byte[] _bytes = new byte[16 * 1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room for at least <paramref name="length"/> bytes; <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> GetSpan(int length)
    {
        if (_bytes.Length - Length < length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + length));
        return _bytes.AsSpan(Length);
    }

    public void Advance(int length) => Length += length;

    public void Write(ReadOnlySpan<byte> json)
    {
        json.CopyTo(GetSpan(json.Length));
        Length += json.Length;
    }

    /// <summary>The shortest text that reads back as the same float. JSON has no NaN or infinities: they become 0.</summary>
    public void Write(float value)
    {
        if (!float.IsFinite(value)) value = 0;
        value.TryFormat(GetSpan(32), out int written, default, CultureInfo.InvariantCulture);
        Length += written;
    }

    public void Write(long value)
    {
        Utf8Formatter.TryFormat(value, GetSpan(20), out int written);
        Length += written;
    }

    /// <summary>A quoted, escaped text.</summary>
    public void WriteText(string text)
    {
        Write("\""u8);
        foreach (char c in text)
        {
            if (c is < ' ' or > '~' or '"' or '\\')
            {
                Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                Write("\""u8);
                return;
            }
        }

        var room = GetSpan(text.Length);
        Length += System.Text.Encoding.UTF8.GetBytes(text, room);
        Write("\""u8);
    }
}
