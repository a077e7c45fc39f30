namespace Recommender.Contracts;

/// <summary>
/// What a compressed stream decodes to. Reading needs the same memory for any content, and ends with a <see cref="ContentCodingException"/>
/// where the content is damaged, ends early, or expands to more than <see cref="Limits.ExpandedBytes"/> and
/// <see cref="Limits.ExpansionFactor"/> allow.
/// </summary>
/// <remarks>That decoders report an early end takes the runtime option <c>System.IO.Compression.UseStrictValidation</c>, set in
/// Directory.Build.props.</remarks>
public sealed class DecodingStream : Stream
{
    private readonly string _coding;
    private readonly CountingStream _source;
    private readonly Stream _decoder;
    private long _decoded;

    internal DecodingStream(string coding, CountingStream source, Stream decoder) =>
        (_coding, _source, _decoder) = (coding, source, decoder);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="ContentCodingException">See the class.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Note(_decoder.Read(buffer));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw Damaged(e);
        }
    }

    /// <exception cref="ContentCodingException">See the class.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return Note(await _decoder.ReadAsync(buffer, cancellationToken));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw Damaged(e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _decoder.Dispose();
        base.Dispose(disposing);
    }

    private int Note(int read)
    {
        _decoded += read;
        if (_decoded > Limits.ExpandedBytes && _decoded > Limits.ExpansionFactor * _source.Count)
        {
            throw new ContentCodingException(
                $"The {_coding} body expands to more than {Limits.ExpansionFactor} times its length ({_decoded} bytes of {_source.Count}). "
                    + "Send it in parts, or uncompressed.")
            {
                IsTooLarge = true,
            };
        }

        return read;
    }

    private ContentCodingException Damaged(Exception e) => new(
        _source.HasEnded
            ? $"The {_coding} body ends early, after {_source.Count} compressed bytes. Send it again, whole."
            : $"The body is not valid {_coding} within its first {_source.Count} bytes.",
        e);
}
