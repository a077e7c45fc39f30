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

    private protected override Task<T> ChangeServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(work, cancellationToken);

    // Dapper makes a parameter of each element.
    private protected override string HashIsAmongSql => "user_hash IN @hashes";

    private protected override Task<IReadOnlyList<ServedAnswer>> InsertServedAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken)
    {
        using var insert = new SqliteStatement((SqliteConnection)connection, """
            INSERT INTO served_answers (day, id, at_ms, is_session, subject, body) VALUES ($0, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
            """, 6);
        var added = new List<ServedAnswer>();
        foreach (var (answer, body) in answers)
            if (insert.Execute(DayOf(answer.AtMs), BytesOf(answer.Id), answer.AtMs,
                answer.Subject is { } subject ? subject.IsSession ? 1 : 0 : null, answer.Subject?.Id, body.ToArray()) > 0)
                added.Add(answer);
        return Task.FromResult<IReadOnlyList<ServedAnswer>>(added);
    }

    private protected override Task AddShowingsAsync(DbConnection connection, IReadOnlyList<(int Day, string Placement, int ItemKey,
        double Shown)> showings, CancellationToken cancellationToken)
    {
        using var add = new SqliteStatement((SqliteConnection)connection, """
            INSERT INTO shown_items (day, placement, item_key, shown) VALUES ($0, $1, $2, $3)
            ON CONFLICT (day, placement, item_key) DO UPDATE SET shown = shown + excluded.shown
            """, 4);
        foreach (var (day, placement, itemKey, shown) in showings) add.Execute(day, placement, itemKey, shown);
        return Task.CompletedTask;
    }

    public override async Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        int removed = await WriteAsync(async connection =>
        {
            int first = DayOf(before.ToUnixTimeMilliseconds());
            int days = await connection.ExecuteScalarAsync<int>(Command(
                "SELECT count(DISTINCT day) FROM served_answers WHERE day < @first", new { first }, cancellationToken))
                .ConfigureAwait(false);
            await connection.ExecuteAsync(Command("DELETE FROM served_answers WHERE day < @first", new { first }, cancellationToken))
                .ConfigureAwait(false);
            return days;
        }, cancellationToken).ConfigureAwait(false);
        await RemoveOutcomesBeforeAsync(before, cancellationToken).ConfigureAwait(false);
        return removed;
    }
}
