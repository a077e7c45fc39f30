using Recommender.Contracts;

namespace Recommender.WebConsole.Gateway;

/// <summary>
/// A request body that fails beyond a limit. A refusal by the service is only read after the body is sent, which may take any time, so a
/// body that no service reads ends here as well.
/// </summary>
internal sealed class LimitedBody(Stream body, long maxBytes) : ReadOnlyStream
{
    private long _read;

    /// <exception cref="BadHttpRequestException">The body is too long.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await body.ReadAsync(buffer, cancellationToken);
        _read += read;
        return _read <= maxBytes ? read : throw new BadHttpRequestException("The body is too long.", StatusCodes.Status413PayloadTooLarge);
    }

    public override int Read(Span<byte> buffer) => throw new NotSupportedException();
}
