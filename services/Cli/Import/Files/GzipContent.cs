using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Files;

/// <summary>
/// Unpacks a gzip file of one or more members (RFC 1952) and checks each member to its last byte: checksum, length, and what follows it.
/// <see cref="GZipStream"/> ends without an error where a file is cut short.
/// </summary>
internal sealed class GzipContent : ReadOnlyStream
{
    private const int TrailerBytes = 8;

    private readonly string _path;
    private readonly ReadAhead _file;
    private readonly byte[] _trailer = new byte[TrailerBytes];
    private Crc32 _checksum = new();
    private DeflateStream? _member;
    private uint _memberBytes;
    private long _totalBytes;
    private bool _anyMember;

    /// <param name="file">The packed bytes; owned by this stream.</param>
    /// <param name="path">Names the file in messages.</param>
    public GzipContent(Stream file, string path)
    {
        _file = new ReadAhead(file);
        _path = path;
    }

    /// <exception cref="CommandException">The file is cut short or damaged.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_member is not null || BeginMember())
        {
            int read = Unpack(buffer);
            if (read > 0) return read;
            EndMember();
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member?.Dispose();
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Unpack(Span<byte> buffer)
    {
        int read;
        try
        {
            read = _member!.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw Damaged($"its compressed data is invalid: {e.Message.TrimEnd('.')}", e);
        }

        _checksum.Append(buffer[..read]);
        _memberBytes = unchecked(_memberBytes + (uint)read);
        _totalBytes += read;
        return read;
    }

    /// <summary>Reads the header of the next member. False at the end of the file.</summary>
    private bool BeginMember()
    {
        int first = _file.ReadByte();
        if (first < 0 && _anyMember) return false;

        // Tapes and some disks fill a file up with zeros.
        if (first == 0 && _anyMember)
        {
            for (int next = _file.ReadByte(); next >= 0; next = _file.ReadByte())
            {
                if (next != 0) throw Trailing();
            }

            return false;
        }

        if (first != 0x1f || Next() != 0x8b) throw Trailing();
        if (Next() != 8) throw Damaged("it uses a compression method that gzip does not define");
        int flags = Next();
        if ((flags & 0b1110_0000) != 0) throw Damaged("its header is invalid");
        Skip(6);
        if ((flags & 4) != 0) Skip(Next() | (Next() << 8));
        if ((flags & 8) != 0) SkipText();
        if ((flags & 16) != 0) SkipText();
        if ((flags & 2) != 0) Skip(2);

        _anyMember = true;
        _memberBytes = 0;
        _checksum = new Crc32();
        _member = new DeflateStream(_file, CompressionMode.Decompress, leaveOpen: true);
        return true;

        int Next() => _file.ReadByte() is var value and >= 0 ? value : throw CutShort();

        void Skip(int count)
        {
            for (int i = 0; i < count; i++) Next();
        }

        void SkipText()
        {
            while (Next() != 0)
            {
            }
        }
    }

    private void EndMember()
    {
        _member!.Dispose();
        _member = null;
        if (_file.IsAtEnd) throw CutShort();
        BinaryPrimitives.WriteUInt32LittleEndian(_trailer, _checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(_trailer.AsSpan(4), _memberBytes);
        switch (_file.SkipPast(_trailer))
        {
            case TrailerSearch.Absent:
                throw Damaged("the checksum at its end is missing or does not match its content");
            case TrailerSearch.FollowedByOther:
                throw Trailing();
        }
    }

    private CommandException CutShort() => Damaged("the compressed data ends early");

    private CommandException Trailing() => Damaged("bytes that are not gzip follow the compressed data");

    private CommandException Damaged(string reason, Exception? inner = null) => new(
        FormattableString.Invariant($"{_path} is truncated or damaged: {reason} (after {_totalBytes:N0} unpacked bytes). ")
            + "Nothing was sent; copy or download the file again.",
        inner: inner);

    private enum TrailerSearch
    {
        Found,
        Absent,
        FollowedByOther,
    }

    /// <summary>
    /// The file, which remembers the last bytes it handed out. <see cref="DeflateStream"/> reads ahead and does not return what it did not
    /// need, so the
    /// trailer of a member is searched by its content in the last bytes handed out and those that follow.
    /// </summary>
    private sealed class ReadAhead(Stream file) : ReadOnlyStream
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _start, _end, _handedOut;

        /// <summary>Whether a read came back empty: the reader wanted more than the file has.</summary>
        public bool IsAtEnd { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (_start == _end)
            {
                KeepFrom(_end);
                Fill(1);
                IsAtEnd = _end == 0;
            }

            int count = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(buffer);
            _handedOut = _start;
            _start += count;
            return count;
        }

        /// <summary>
        /// Goes to the byte after <paramref name="trailer"/>, which begins in the bytes handed out last or right after them, and which
        /// another member,
        /// zeros or the end of the file follow.
        /// </summary>
        public TrailerSearch SkipPast(ReadOnlySpan<byte> trailer)
        {
            KeepFrom(_handedOut);
            int wanted = trailer.Length + 2 - (_end - _start);
            if (wanted > 0) Fill(wanted);
            var result = TrailerSearch.Absent;
            for (int at = 0; at + trailer.Length <= _end && at <= _start; at++)
            {
                if (!_buffer.AsSpan(at, trailer.Length).SequenceEqual(trailer)) continue;
                var after = _buffer.AsSpan(at + trailer.Length, _end - at - trailer.Length);
                if (after is [] or [0x1f] or [0x1f, 0x8b, ..] || !after.ContainsAnyExcept((byte)0))
                {
                    _start = _handedOut = at + trailer.Length;
                    return TrailerSearch.Found;
                }

                result = TrailerSearch.FollowedByOther;
            }

            return result;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            base.Dispose(disposing);
        }

        private void KeepFrom(int position)
        {
            if (position == 0) return;
            _buffer.AsSpan(position, _end - position).CopyTo(_buffer);
            (_start, _end, _handedOut) = (_start - position, _end - position, Math.Max(_handedOut - position, 0));
        }

        private void Fill(int atLeast) => _end += file.ReadAtLeast(_buffer.AsSpan(_end), atLeast, throwOnEndOfStream: false);
    }
}
