using Recommender.Storage.Events;
using Recommender.Storage.Postgres;
using Recommender.Storage.Sqlite;

namespace Recommender.Storage;

public static class Stores
{
    /// <summary>Opens PostgreSQL if a connection string is given, else SQLite. Call <see cref="IStore.MigrateAsync"/> before use.</summary>
    /// <param name="sqlitePath">File of the embedded database. File and folder are created if absent.</param>
    public static IStore Open(string? postgresConnectionString, string sqlitePath, StatisticsSettings statistics) =>
        string.IsNullOrWhiteSpace(postgresConnectionString) ? new SqliteStore(sqlitePath, statistics)
        : new PostgresStore(postgresConnectionString, statistics);
}
