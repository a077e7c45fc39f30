namespace Recommender.Contracts;

/// <summary>
/// What a compressed stream decodes to. Reading needs the same memory for any content, and ends with a <see cref="ContentCodingException"/>
/// where the content is damaged, ends early, or expands to more than <see cref="Limits.ExpandedBytes"/> and
/// <see cref="Limits.ExpansionFactor"/> allow.
/// </summary>
/// <remarks>That decoders report an early end takes the runtime option <c>System.IO.Compression.UseStrictValidation</c>, set in
/// Directory.Build.props.</remarks>
public sealed class DecodingStream : ReadOnlyStream
{
    private readonly string _coding;
    private readonly CountingStream _source;
    private readonly Stream _decoder;
    private long _decoded;

    internal DecodingStream(string coding, CountingStream source, Stream decoder) =>
        (_coding, _source, _decoder) = (coding, source, decoder);

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
