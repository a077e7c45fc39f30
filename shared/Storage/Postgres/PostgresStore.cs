using System.Data;
using System.Data.Common;
using System.Globalization;
using Npgsql;
using Recommender.Storage.Events;
using Recommender.Storage.Migrations;
using Recommender.Storage.Sql;

namespace Recommender.Storage.Postgres;

/// <summary>The store for servers: PostgreSQL 13 or later, any number of processes.</summary>
public sealed partial class PostgresStore : SqlStore
{
    /// <summary>Keys of the advisory locks; any numbers, the same in every process.</summary>
    private const long MigrationLock = 0x5265636F_0001, TrainingLock = 0x5265636F_0002;

    private readonly NpgsqlDataSource _pool;
    private readonly string _leaseConnectionString;

    /// <summary>Does not connect yet.</summary>
    /// <exception cref="ArgumentException">The connection string is malformed.</exception>
    public PostgresStore(string connectionString, StatisticsSettings statistics) : base(statistics)
    {
        var settings = WithDefaults(connectionString);
        var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        source.ConfigureTracing(PostgresTracing.Configure);
        _pool = source.Build();
        settings.Pooling = false;
        settings.KeepAlive = 30;
        _leaseConnectionString = settings.ToString();
    }

    /// <summary>Adds defaults for settings that the connection string does not have.</summary>
    internal static NpgsqlConnectionStringBuilder WithDefaults(string connectionString)
    {
        // ContainsKey is true for every existing keyword, ShouldSerialize only for those that are set, under any of their names.
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        // Prepare repeated statements, and do not reset sessions, which have no state.
        if (!settings.ShouldSerialize("Max Auto Prepare")) settings.MaxAutoPrepare = 100;
        if (!settings.ShouldSerialize("No Reset On Close")) settings.NoResetOnClose = true;
        if (!settings.ShouldSerialize("Application Name")) settings.ApplicationName = "recommender";
        // A process that freezes during a transaction must not block others forever.
        if (!settings.ShouldSerialize("Options")) settings.Options = "-c idle_in_transaction_session_timeout=30s";
        return settings;
    }

    public override async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await TransactionAsync(IsolationLevel.ReadCommitted, async connection =>
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection,
                "CREATE TABLE IF NOT EXISTS schema_versions (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT "
                    + "NULL DEFAULT now())", cancellationToken).ConfigureAwait(false);
            await using var current = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM schema_versions", connection);
            foreach (var migration in Migration.Pending(Migration.All("postgres"),
                (int)(await current.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!))
            {
                await ExecuteAsync(connection, migration.Sql, cancellationToken).ConfigureAwait(false);
                await using var record = new NpgsqlCommand("INSERT INTO schema_versions (version, name) VALUES ($1, $2)",
                    connection)
                { Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name } } };
                await record.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            return true;
        }, cancellationToken).ConfigureAwait(false);
        await EnsureStatisticsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A session advisory lock on a separate connection. It ends with the connection.</summary>
    public override Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken) =>
        TranslateAsync<IAsyncDisposable?>(async () =>
        {
            var connection = new NpgsqlConnection(_leaseConnectionString);
            bool acquired = false;
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({TrainingLock})", connection);
                acquired = (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
                return acquired ? connection : null;
            }
            finally
            {
                if (!acquired) await connection.DisposeAsync().ConfigureAwait(false);
            }
        });

    public override ValueTask DisposeAsync() => _pool.DisposeAsync();

    private protected override Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        TransactionAsync(IsolationLevel.ReadCommitted, async connection =>
        {
            await ExecuteAsync(connection, "SELECT FROM state FOR UPDATE", cancellationToken).ConfigureAwait(false);
            return await work(connection).ConfigureAwait(false);
        }, cancellationToken);

    private protected override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        TransactionAsync(IsolationLevel.RepeatableRead, work, cancellationToken);

    private Task<T> TransactionAsync<T>(IsolationLevel isolation, Func<NpgsqlConnection, Task<T>> work,
        CancellationToken cancellationToken) =>
        TranslateAsync(async () =>
        {
            await using var connection = await _pool.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken).ConfigureAwait(false);
            var result = await work(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return result;
        });

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> TranslateAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            throw new StoreUnavailableException($"PostgreSQL: {e.Message}",
                e)
            { IsFull = e is PostgresException { SqlState: PostgresErrorCodes.DiskFull } };
        }
    }

    /// <summary>
    /// Temporary conditions: no connection, no permission to connect, no resources, shutdown, read-only, conflict with another transaction.
    /// </summary>
    private static bool IsUnavailable(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable } => true,
        PostgresException p => p.IsTransient || p.SqlState[..2] is "08" or "28" or "3D" or "40" or "53" or "57" or "58",
        // Npgsql also throws this if a connection breaks at the start of a command.
        ObjectDisposedException => true,
        NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException => true,
        _ => false,
    };

    /// <summary>Name of the partition of a moment's month (UTC), with its bounds in milliseconds.</summary>
    private static (string Name, long FromMs, long ToMs) PartitionOf(long occurredAtMs)
    {
        var at = Time(occurredAtMs);
        var from = new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);
        long toMs = at is { Year: 9999, Month: 12 } ? long.MaxValue : from.AddMonths(1).ToUnixTimeMilliseconds();
        return (string.Create(CultureInfo.InvariantCulture, $"events_y{at.Year:0000}m{at.Month:00}"), from.ToUnixTimeMilliseconds(), toMs);
    }
}
