namespace Recommender.Contracts;

/// <summary>
/// Decodes a compressed stream in constant memory. Reading throws a <see cref="ContentCodingException"/> if the content is damaged, ends
/// early, or expands beyond <see cref="Limits.ExpandedBytes"/> and <see cref="Limits.ExpansionFactor"/>.
/// </summary>
/// <remarks>Decoders report an early end only with the runtime option <c>System.IO.Compression.UseStrictValidation</c>, which
/// Directory.Build.props sets.</remarks>
public sealed class DecodingStream : ReadOnlyStream
{
    private readonly string _coding;
    private readonly CountingStream _source;
    private readonly Stream _decoder;
    private long _decoded;

    internal DecodingStream(string coding, CountingStream source, Stream decoder) =>
        (_coding, _source, _decoder) = (coding, source, decoder);

    /// <exception cref="ContentCodingException">The content is damaged, ends early, or expands beyond the limits.</exception>
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

    /// <exception cref="ContentCodingException">The content is damaged, ends early, or expands beyond the limits.</exception>
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
