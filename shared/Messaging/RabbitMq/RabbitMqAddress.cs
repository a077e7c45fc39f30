using RabbitMQ.Client;

namespace Recommender.Messaging.RabbitMq;

/// <summary>
/// Address of the broker: <c>amqp://user:password@host:5672/vhost</c>, <c>amqps://…</c> for TLS, and for a cluster several hosts separated
/// by commas, <c>amqp://user:password@a:5672,b:5672,c:5672/vhost</c>. Any host that answers is used.
/// </summary>
public sealed record RabbitMqAddress
{
    public required string UserName { get; init; }
    public required string Password { get; init; }
    public required string VirtualHost { get; init; }
    public required bool Tls { get; init; }
    public required IReadOnlyList<(string Host, int Port)> Nodes { get; init; }

    /// <exception cref="InvalidOperationException">Not in this form. The message does not include the text, which may contain a
    /// password.</exception>
    public static RabbitMqAddress Parse(string connectionString)
    {
        const string wrong =
            "Setting ConnectionStrings:rabbitmq is not amqp://user:password@host:port/vhost (several hosts separated by commas; amqps for "
            + "TLS)";
        int scheme = connectionString.IndexOf("://", StringComparison.Ordinal);
        string name = scheme < 0 ? "" : connectionString[..scheme].ToLowerInvariant();
        if (name is not ("amqp" or "amqps")) throw new InvalidOperationException($"{wrong}: it does not begin with amqp:// or amqps://.");
        string rest = connectionString[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        string virtualHost = slash < 0 || slash == rest.Length - 1 ? "/" : Uri.UnescapeDataString(rest[(slash + 1)..]);
        string authority = slash < 0 ? rest : rest[..slash];
        int at = authority.LastIndexOf('@');
        string user = "guest", password = "guest";
        if (at >= 0)
        {
            string[] parts = authority[..at].Split(':', 2);
            user = Uri.UnescapeDataString(parts[0]);
            password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
        }

        bool tls = name == "amqps";
        var nodes = new List<(string, int)>();
        foreach (string node in authority[(at + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate($"{name}://{node}", UriKind.Absolute, out var uri) || uri.Host.Length == 0)
                throw new InvalidOperationException($"{wrong}: a host is not valid.");
            nodes.Add((uri.Host.Trim('[', ']'), uri.Port > 0 ? uri.Port : tls ? 5671 : 5672));
        }

        if (nodes.Count == 0) throw new InvalidOperationException($"{wrong}: there is no host.");
        return new RabbitMqAddress { UserName = user, Password = password, VirtualHost = virtualHost, Tls = tls, Nodes = nodes };
    }

    internal List<AmqpTcpEndpoint> Endpoints() =>
        [.. Nodes.Select(node => new AmqpTcpEndpoint(node.Host, node.Port, new SslOption(node.Host, enabled: Tls)))];

    /// <summary>Hosts without credentials, for logs.</summary>
    public override string ToString() => string.Join(",", Nodes.Select(node => $"{node.Host}:{node.Port}"));
}
