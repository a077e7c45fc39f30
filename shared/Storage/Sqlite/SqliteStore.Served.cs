using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Recommender.Contracts.Served;
using Recommender.Sqlite;

namespace Recommender.Storage.Sqlite;

public sealed partial class SqliteStore
{
    private protected override Task<T> AppendServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(work, cancellationToken);

    private protected override Task<int> InsertServedAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken)
    {
        using var insert = new SqliteStatement((SqliteConnection)connection, """
            INSERT INTO served_answers (day, id, at_ms, is_session, subject, body) VALUES ($0, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
            """, 6);
        int added = 0;
        foreach (var (answer, body) in answers)
            added += insert.Execute(DayOf(answer.AtMs), BytesOf(answer.Id), answer.AtMs,
                answer.Subject is { } subject ? subject.IsSession ? 1 : 0 : null, answer.Subject?.Id, body.ToArray());
        return Task.FromResult(added);
    }

    public override Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            int first = DayOf(before.ToUnixTimeMilliseconds());
            int days = await connection.ExecuteScalarAsync<int>(Command(
                "SELECT count(DISTINCT day) FROM served_answers WHERE day < @first", new { first }, cancellationToken))
                .ConfigureAwait(false);
            await connection.ExecuteAsync(Command("DELETE FROM served_answers WHERE day < @first", new { first }, cancellationToken))
                .ConfigureAwait(false);
            return days;
        }, cancellationToken);
}
