using Npgsql;

namespace Recommender.Storage.Postgres;

/// <summary>
/// Names the driver's spans after their operation, as the OpenTelemetry conventions for databases ask for. By default all of them
/// have the same name.
/// </summary>
internal static class PostgresTracing
{
    public static void Configure(NpgsqlTracingOptionsBuilder tracing) => tracing
        .ConfigureCommandSpanNameProvider(command => OperationOf(command.CommandText))
        .ConfigureBatchSpanNameProvider(_ => "BATCH")
        .ConfigureCopyOperationSpanNameProvider(_ => "COPY");

    /// <summary>The first keyword of a statement in capitals; null where it starts with none, which leaves the default name.</summary>
    internal static string? OperationOf(string sql)
    {
        var rest = sql.AsSpan().TrimStart();
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            int end = rest.IndexOf('\n');
            rest = end < 0 ? default : rest[end..].TrimStart();
        }

        int length = 0;
        while (length < rest.Length && char.IsAsciiLetter(rest[length])) length++;
        return length == 0 ? null : rest[..length].ToString().ToUpperInvariant();
    }
}
