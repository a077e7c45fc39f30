using System.Net.Sockets;
using System.Text;

namespace Recommender.TestKit;

/// <summary>Requests with an unchanged target, which URL classes of clients would normalise.</summary>
public static class RawHttp
{
    /// <returns>Status and body.</returns>
    public static async Task<(int Status, string Body)> SendAsync(Uri address, string method, string target, string? json,
        CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellationToken);
        var stream = client.GetStream();
        byte[] body = Encoding.UTF8.GetBytes(json ?? "");
        string type = json is null ? "" : "Content-Type: application/json\r\n";
        // HTTP/1.0, so that the answer is not chunked.
        byte[] head =
            Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.0\r\nHost: localhost\r\n{type}Content-Length: {body.Length}\r\n\r\n");
        await stream.WriteAsync((byte[])[.. head, .. body], cancellationToken);
        using var answer = new StreamReader(stream, Encoding.UTF8);
        string text = await answer.ReadToEndAsync(cancellationToken);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (int.Parse(text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), text[(end + 4)..]);
    }
}
