using System.Text;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Files;

/// <summary>
/// The content of a file as UTF-8 without a byte order mark. Every byte is checked as it is read: what the encoding does not define ends
/// the import
/// and never becomes U+FFFD.
/// </summary>
internal sealed class CheckedText : ReadOnlyStream
{
    private readonly string _path;
    private readonly FileEncoding _encoding;
    private readonly Stream _content;
    private readonly Utf8Check _check = new();
    private readonly bool _isDecodedFromSingleBytes;
    private bool _lastWasC2;

    /// <param name="content">The bytes after a byte order mark; owned by this stream.</param>
    /// <param name="encoding">Encoding of <paramref name="content"/>.</param>
    /// <param name="path">Names the file in messages.</param>
    public CheckedText(Stream content, FileEncoding encoding, string path)
    {
        _path = path;
        _encoding = encoding;
        _isDecodedFromSingleBytes = encoding.Encoding.IsSingleByte;
        _content = encoding == FileEncoding.Utf8
            ? content
            : Encoding.CreateTranscodingStream(content, encoding.Encoding, FileEncoding.Utf8.Encoding);
    }

    /// <exception cref="CommandException">The bytes are not valid in the encoding.</exception>
    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = _content.Read(buffer);
        }
        catch (DecoderFallbackException e)
        {
            string bytes = Convert.ToHexString(e.BytesUnknown ?? []);
            throw new CommandException(
                $"{_path}, line {_check.Line} or soon after: the bytes 0x{bytes} are not valid {_encoding}. {Fix()}", inner: e);
        }

        var bytesRead = buffer[..read];
        if (read == 0 && !buffer.IsEmpty ? !_check.End() : !Check(bytesRead)) throw Invalid();
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }

    private bool Check(ReadOnlySpan<byte> bytes)
    {
        if (_encoding == FileEncoding.Utf8 && _check.Line == 1) ThrowIfNulInFirstLine(bytes);
        if (_isDecodedFromSingleBytes) ThrowIfControlCharacter(bytes);
        return _check.Add(bytes);
    }

    private void ThrowIfNulInFirstLine(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        if ((end < 0 ? bytes : bytes[..end]).Contains((byte)0))
        {
            throw new CommandException(
                $"{_path}, line 1: there are NUL bytes, as in UTF-16 without a byte order mark. If it is that, give --encoding utf-16.");
        }
    }

    /// <summary>Single-byte code pages decode bytes without a character to U+0080 to U+009F, which are C2 80 to C2 9F here.</summary>
    private void ThrowIfControlCharacter(ReadOnlySpan<byte> bytes)
    {
        for (int from = 0; from < bytes.Length;)
        {
            int at = _lastWasC2 ? from : bytes[from..].IndexOf((byte)0xC2) is var found and >= 0 ? from + found + 1 : -1;
            if (at < 0) return;
            _lastWasC2 = at == bytes.Length;
            if (_lastWasC2) return;
            if (bytes[at] is >= 0x80 and <= 0x9F)
            {
                _check.Add(bytes[..Math.Max(at - 1, 0)]);
                string fix = _encoding == FileEncoding.Latin1 ? "It is probably windows-1252: give --encoding windows-1252." : Fix();
                throw new CommandException(
                    $"{_path}, line {_check.Line}: the byte 0x{bytes[at]:X2} has no character in {_encoding}. {fix}");
            }

            from = at + 1;
        }
    }

    private CommandException Invalid() =>
        new($"{_path}, line {_check.Line}: the byte 0x{_check.InvalidByte:X2} is not valid {_encoding}. {Fix()}");

    private string Fix() => _encoding == FileEncoding.Utf8
        ? "If the file has another encoding, name it: --encoding latin1, windows-1252 or utf-16."
        : "Give the encoding of the file by --encoding utf-8, utf-16, latin1 or windows-1252.";
}
