namespace Recommender.Contracts;

/// <summary>Reads another stream and counts its bytes.</summary>
internal sealed class CountingStream(Stream inner) : ReadOnlyStream
{
    /// <summary>Bytes read so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the end has been read.</summary>
    public bool HasEnded { get; private set; }

    public override int Read(Span<byte> buffer) => Note(inner.Read(buffer), buffer.Length);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Note(await inner.ReadAsync(buffer, cancellationToken), buffer.Length);

    private int Note(int read, int wanted)
    {
        Count += read;
        HasEnded |= read == 0 && wanted > 0;
        return read;
    }
}
