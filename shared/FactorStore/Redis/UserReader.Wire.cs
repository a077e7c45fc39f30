using System.Buffers.Text;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

internal sealed partial class UserReader
{
    /// <summary>The byte stream of one connection, plain or TLS. One thread may send while another receives.</summary>
    private sealed class Wire : IDisposable
    {
        private SslStream? _tls;

        public Socket Socket { get; } = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public bool IsTls => _tls is not null;

        /// <exception cref="AuthenticationException">The server's certificate is not that of the host, or not trusted.</exception>
        public async Task ConnectAsync(EndPoint endPoint, ConfigurationOptions options, CancellationToken cancellation)
        {
            await Socket.ConnectAsync(endPoint, cancellation).ConfigureAwait(false);
            if (!options.Ssl) return;
            string host = options.SslHost ?? (endPoint is DnsEndPoint dns ? dns.Host : ((IPEndPoint)endPoint).Address.ToString());
            _tls = new SslStream(new NetworkStream(Socket, ownsSocket: false));
            await _tls.AuthenticateAsClientAsync(options.SslClientAuthenticationOptions?.Invoke(host) ?? new SslClientAuthenticationOptions
            {
                TargetHost = host,
                EnabledSslProtocols = options.SslProtocols ?? SslProtocols.None,
                CertificateRevocationCheckMode = options.CheckCertificateRevocation ? X509RevocationMode.Online
                : X509RevocationMode.NoCheck,
            }, cancellation).ConfigureAwait(false);
        }

        public void Send(ReadOnlySpan<byte> bytes)
        {
            if (_tls is not null) _tls.Write(bytes);
            else while (!bytes.IsEmpty) bytes = bytes[Socket.Send(bytes)..];
        }

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation) =>
            _tls?.ReadAsync(buffer, cancellation) ?? Socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);

        /// <summary>Aborts pending operations, from any thread.</summary>
        public void Close() => Socket.Dispose();

        public void Dispose()
        {
            Socket.Dispose();
            _tls?.Dispose();
        }
    }

    /// <summary>Received bytes, parsed into replies.</summary>
    private sealed class Replies
    {
        private const int MaxValueBytes = 64 * 1024 * 1024;
        private byte[] _buffer = new byte[32 * 1024];
        private int _start;
        private int _end;

        public Memory<byte> Free()
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }
            else if (_end == _buffer.Length)
            {
                byte[] to = _start < _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
                Buffer.BlockCopy(_buffer, _start, to, 0, _end - _start);
                (_buffer, _start, _end) = (to, 0, _end - _start);
            }

            return _buffer.AsMemory(_end);
        }

        public void Received(int count) => _end += count;

        /// <summary>
        /// Takes one complete reply: a bulk string (or null), a status, or an error. The bytes are valid until the next <see cref="Free"/>.
        /// </summary>
        /// <exception cref="IOException">Not a reply to a GET.</exception>
        public bool TryTake(out ReadOnlyMemory<byte> value, out string? error)
        {
            value = default;
            error = null;
            var bytes = _buffer.AsSpan(_start, _end - _start);
            int line = bytes.IndexOf("\r\n"u8);
            if (line < 1) return false;
            switch (bytes[0])
            {
                case (byte)'+':
                    break;
                case (byte)'-':
                    error = Encoding.UTF8.GetString(bytes[1..line]);
                    break;
                case (byte)'$' when Utf8Parser.TryParse(bytes[1..line], out int length, out _) && length is >= -1 and <= MaxValueBytes:
                    if (length < 0) break;
                    if (bytes.Length < line + 4 + length) return false;
                    value = _buffer.AsMemory(_start + line + 2, length);
                    _start += length + 2;
                    break;
                default:
                    throw new IOException("Redis sent a reply that does not answer a GET.");
            }

            _start += line + 2;
            return true;
        }
    }
}
