using System.Security.Cryptography;
using Recommender.CommandLines;
using Recommender.Contracts;

namespace Recommender.Cli.Import.Files;

/// <summary>One file to import, plain or gzip (detected by its first bytes, not its name).</summary>
/// <param name="encoding">Null: UTF-8, or the encoding of its byte order mark.</param>
internal sealed class SourceFile(string path, FileEncoding? encoding = null)
{
    private const int FingerprintBytes = 64 * 1024;

    public string Path { get; } = path;

    public string Name { get; } = System.IO.Path.GetFileName(path);

    public long Length => new FileInfo(Path).Length;

    /// <summary>Tells a file that is written to while it is imported.</summary>
    public (long Length, DateTime WrittenAt) State => (Length, File.GetLastWriteTimeUtc(Path));

    /// <summary>The files named, and the files directly inside the folders named, by name.</summary>
    /// <exception cref="CommandException">A path is not there or cannot be read.</exception>
    public static List<SourceFile> Resolve(IEnumerable<string> paths, FileEncoding? encoding = null)
    {
        var files = new List<SourceFile>();
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                files.AddRange(Directory.GetFiles(path).Order(StringComparer.Ordinal).Select(f => new SourceFile(f, encoding)));
            }
            else if (File.Exists(path)) files.Add(new SourceFile(path, encoding));
            else throw new CommandException($"{path}: no such file or folder.");
        }

        foreach (var file in files)
        {
            try
            {
                using var probe = File.OpenRead(file.Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"{file.Path} cannot be read: {e.Message}", inner: e);
            }
        }

        return files;
    }

    /// <summary>
    /// Opens the content as UTF-8 without a byte order mark. Reading it throws <see cref="CommandException"/> where a gzip file is cut
    /// short or damaged
    /// and where bytes are not valid in the encoding.
    /// </summary>
    /// <param name="readBytes">Hears how many bytes of the file itself were read.</param>
    /// <exception cref="CommandException">The file holds no text.</exception>
    public Stream Open(Action<int>? readBytes = null)
    {
        var (textEncoding, markBytes) = FindEncoding();
        var content = OpenUnpacked(readBytes);
        content.ReadExactly(new byte[markBytes]);
        return new CheckedText(content, textEncoding, Path);
    }

    /// <summary>
    /// The same file in the encoding of older editions of a data set: UTF-8 where all of it is valid, else <paramref name="otherwise"/>.
    /// </summary>
    public SourceFile WithFallback(FileEncoding otherwise)
    {
        if (encoding is not null) return this;
        using var content = OpenUnpacked(null);
        var check = new Utf8Check();
        byte[] buffer = new byte[64 * 1024];
        bool isValid = true;
        for (int read = content.Read(buffer); read > 0 && isValid; read = content.Read(buffer)) isValid = check.Add(buffer.AsSpan(0, read));
        return isValid && check.End() ? this : new SourceFile(Path, otherwise);
    }

    private (FileEncoding Encoding, int MarkBytes) FindEncoding()
    {
        byte[] buffer = new byte[ForeignFormat.ProbeBytes];
        Span<byte> start;
        using (var packed = File.OpenRead(Path)) start = Fill(packed);
        if (IsGzip(start))
        {
            using var content = OpenUnpacked(null);
            start = Fill(content);
        }

        Span<byte> Fill(Stream stream) => buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));

        if (ForeignFormat.Find(start) is { } problem) throw new CommandException($"{Path} {problem}");
        (FileEncoding Encoding, int Bytes)? mark = start switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (FileEncoding.Utf8, 3),
            [0xFF, 0xFE, ..] => (FileEncoding.Utf16, 2),
            [0xFE, 0xFF, ..] => (FileEncoding.Utf16BigEndian, 2),
            _ => null,
        };
        if (mark is not { } found) return (encoding ?? FileEncoding.Utf8, 0);

        // Named utf-16, the mark decides between its byte orders.
        bool isEitherOrder = encoding == FileEncoding.Utf16 && found.Encoding == FileEncoding.Utf16BigEndian;
        if (encoding is not null && encoding != found.Encoding && !isEitherOrder)
        {
            throw new CommandException(
                $"{Path} begins with the byte order mark of {found.Encoding}, but --encoding names {encoding}. Leave --encoding out.");
        }

        return found;
    }

    private Stream OpenUnpacked(Action<int>? readBytes)
    {
        Stream file = new CountingStream(File.OpenRead(Path), readBytes);
        Span<byte> magic = stackalloc byte[2];
        using (var probe = File.OpenRead(Path)) magic = magic[..probe.ReadAtLeast(magic, 2, throwOnEndOfStream: false)];
        return IsGzip(magic) ? new GzipContent(file, Path) : new BufferedStream(file, 128 * 1024);
    }

    private static bool IsGzip(ReadOnlySpan<byte> start) => start is [0x1f, 0x8b, ..];

    /// <summary>Length and a hash of the beginning and the end: tells another or a changed file without reading all of it.</summary>
    public string Fingerprint()
    {
        using var file = File.OpenRead(Path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[FingerprintBytes];
        hash.AppendData(buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
        file.Seek(Math.Max(0, file.Length - FingerprintBytes), SeekOrigin.Begin);
        hash.AppendData(buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
        return $"{file.Length}-{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private sealed class CountingStream(Stream inner, Action<int>? readBytes) : ReadOnlyStream
    {
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            readBytes?.Invoke(read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
