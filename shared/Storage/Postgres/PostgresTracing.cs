using Npgsql;

namespace Recommender.Storage.Postgres;

/// <summary>
/// Names the driver's spans by their operation, according to the OpenTelemetry conventions for databases. By default all have the same
/// name.
/// </summary>
internal static class PostgresTracing
{
    public static void Configure(NpgsqlTracingOptionsBuilder tracing) => tracing
        .ConfigureCommandSpanNameProvider(command => OperationOf(command.CommandText))
        .ConfigureBatchSpanNameProvider(_ => "BATCH")
        .ConfigureCopyOperationSpanNameProvider(_ => "COPY");

    /// <summary>The first keyword of a statement in capitals. Null, for the default name, if it does not start with one.</summary>
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
