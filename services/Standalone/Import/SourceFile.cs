using System.IO.Compression;
using System.Security.Cryptography;

namespace Recommender.Standalone.Import;

/// <summary>One file to import, plain or gzip (told by its first bytes, whatever its name).</summary>
internal sealed class SourceFile(string path)
{
    private const int FingerprintBytes = 64 * 1024;

    public string Path { get; } = path;

    public string Name { get; } = System.IO.Path.GetFileName(path);

    public long Length => new FileInfo(Path).Length;

    /// <summary>The files named, and the files directly inside the folders named, by name.</summary>
    /// <exception cref="CommandException">A path is not there or cannot be read.</exception>
    public static List<SourceFile> Resolve(IEnumerable<string> paths)
    {
        var files = new List<SourceFile>();
        foreach (string path in paths)
        {
            if (Directory.Exists(path)) files.AddRange(Directory.GetFiles(path).Order(StringComparer.Ordinal).Select(f => new SourceFile(f)));
            else if (File.Exists(path)) files.Add(new SourceFile(path));
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

    /// <summary>Opens the content, unpacked. <paramref name="readBytes"/> hears how many bytes of the file itself were read.</summary>
    public Stream Open(Action<int>? readBytes = null)
    {
        Stream file = new CountingStream(File.OpenRead(Path), readBytes);
        Span<byte> magic = stackalloc byte[2];
        using (var probe = File.OpenRead(Path))
        {
            if (probe.ReadAtLeast(magic, 2, throwOnEndOfStream: false) < 2) magic.Clear();
        }

        return magic is [0x1f, 0x8b] ? new GZipStream(file, CompressionMode.Decompress) : new BufferedStream(file, 128 * 1024);
    }

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

    private sealed class CountingStream(Stream inner, Action<int>? readBytes) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            readBytes?.Invoke(read);
            return read;
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
