using System.Buffers.Binary;
using System.Data.Common;
using Dapper;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Storage.Served;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore : IServedStore
{
    private const string AnswerColumns = "id, at_ms, is_session, subject, body";

    /// <summary>Runs the work in a transaction that any number of others may run beside, but none that removes answers.</summary>
    private protected abstract Task<T> AppendServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Inserts answers that are not there yet.</summary>
    /// <returns>How many were inserted.</returns>
    private protected abstract Task<int> InsertServedAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken);

    /// <summary>Whoever calls it in a transaction waits for those of <see cref="AppendServedAsync"/>, and keeps further ones
    /// waiting.</summary>
    private protected virtual Task HoldServedAsync(DbConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    public abstract Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);

    public Task<int> StoreServedAsync(IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers,
        CancellationToken cancellationToken) =>
        AppendServedAsync(async connection =>
        {
            var erased = await ErasedAmongAsync(connection, answers, cancellationToken).ConfigureAwait(false);
            var kept = erased.Count == 0 ? answers : [.. answers.Where(answer => !(answer.Answer.Subject is { } subject
                && erased.TryGetValue(subject, out long upToMs) && answer.Answer.AtMs <= upToMs))];
            return kept.Count == 0 ? 0 : await InsertServedAsync(connection, kept, cancellationToken).ConfigureAwait(false);
        }, cancellationToken);

    public Task<ServedAnswer?> ReadServedAsync(RecommendationId id, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            var rows = await QueryAsync<ServedRow>(connection, $"SELECT {AnswerColumns} FROM served_answers WHERE id = @id",
                new { id = BytesOf(id) }, cancellationToken).ConfigureAwait(false);
            return rows.Count == 0 ? null : rows[0].ToAnswer();
        }, cancellationToken);

    public Task<IReadOnlyList<ServedAnswer>> ReadServedAsync(UserRef subject, DateTimeOffset from, DateTimeOffset to, int limit,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<ServedAnswer>>(async connection => (await QueryAsync<ServedRow>(connection, $"""
            SELECT {AnswerColumns} FROM served_answers
            WHERE subject = @Id AND is_session = @session AND at_ms BETWEEN @fromMs AND @toMs ORDER BY at_ms DESC, id LIMIT @limit
            """, new
        {
            subject.Id,
            session = subject.IsSession ? 1 : 0,
            fromMs = from.ToUnixTimeMilliseconds(),
            toMs = to.ToUnixTimeMilliseconds(),
            limit,
        }, cancellationToken).ConfigureAwait(false)).ConvertAll(row => row.ToAnswer()), cancellationToken);

    /// <summary>Day in UTC since 1970.</summary>
    private protected static int DayOf(long atMs) => (int)Math.Floor(atMs / 86_400_000.0);

    private protected static byte[] BytesOf(RecommendationId id)
    {
        byte[] bytes = new byte[RecommendationId.Bytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, id.Value);
        return bytes;
    }

    /// <summary>The answers to an erased user, and those to the sessions that were merged into them.</summary>
    private protected async Task EraseServedAsync(DbConnection connection, string userId, CancellationToken cancellationToken)
    {
        await HoldServedAsync(connection, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(Command("""
            DELETE FROM served_answers WHERE (subject = @userId AND is_session = 0) OR (is_session = 1 AND EXISTS (
                SELECT 1 FROM merges m WHERE m.user_id = @userId AND m.session_id = subject AND at_ms <= m.through_ms))
            """, new { userId }, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Gives the answers to a session to the user that it was merged into.</summary>
    private protected async Task MergeServedAsync(DbConnection connection, string sessionId, string userId, long throughMs,
        CancellationToken cancellationToken)
    {
        await HoldServedAsync(connection, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(Command("""
            UPDATE served_answers SET subject = @userId, is_session = 0 WHERE subject = @sessionId AND is_session = 1 AND at_ms <= @throughMs
            """, new { sessionId, userId, throughMs }, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Those of the subjects who have been erased, and up to when.</summary>
    private static async Task<Dictionary<UserRef, long>> ErasedAmongAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken)
    {
        var erased = new Dictionary<UserRef, long>();
        // Mostly nobody: then there is nothing to look up.
        if (!await connection.ExecuteScalarAsync<bool>(Command("SELECT EXISTS (SELECT 1 FROM tombstones)", null, cancellationToken))
            .ConfigureAwait(false)) return erased;
        foreach (var subject in answers.Select(answer => answer.Answer.Subject).OfType<UserRef>().Distinct())
            if (await ErasedUpToAsync(connection, subject, cancellationToken).ConfigureAwait(false) is > long.MinValue and var upToMs)
                erased[subject] = upToMs;
        return erased;
    }

    private sealed class ServedRow
    {
        public byte[] Id { get; init; } = [];
        public long AtMs { get; init; }
        public int? IsSession { get; init; }
        public string? Subject { get; init; }
        public byte[] Body { get; init; } = [];

        public ServedAnswer ToAnswer()
        {
            var answer = new ServedAnswer
            {
                Id = new(BinaryPrimitives.ReadUInt128LittleEndian(Id)),
                AtMs = AtMs,
                Subject = Subject is null ? null : IsSession == 1 ? UserRef.Session(Subject) : UserRef.User(Subject),
            };
            ServedAnswerFormat.ReadBody(Body, answer);
            return answer;
        }
    }
}
