using System.Data.Common;
using System.Globalization;
using Recommender.Storage.Events;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    private const string SequencedColumns = "sequence, user_key, item_key, type_id, value, occurred_at_ms, session_id";

    public Task<StorePosition> GetPositionAsync(CancellationToken cancellationToken) =>
        ReadAsync(async connection => (await ReadRowsAsync(connection, "SELECT sequence, revision FROM state", null,
            r => new StorePosition(r.GetInt64(0), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))[0], cancellationToken);

    public Task<IReadOnlyList<SequencedEvent>> ReadEventsAsync(long afterSequence, long upToSequence, int limit,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<SequencedEvent>>(async connection =>
            await ReadRowsAsync(connection,
                $"SELECT {SequencedColumns} FROM events WHERE sequence > @afterSequence AND sequence <= @upToSequence ORDER BY sequence "
                    + "LIMIT @limit", new { afterSequence, upToSequence, limit }, ReadSequenced, cancellationToken)
                .ConfigureAwait(false), cancellationToken);

    public Task<IReadOnlyList<SequencedEvent>> ReadEventsOfUsersAsync(IReadOnlyCollection<int> userKeys, long upToSequence,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<SequencedEvent>>(async connection =>
            await ReadRowsAsync(connection,
                $"SELECT {SequencedColumns} FROM events WHERE user_key IN ({KeysSql}) AND sequence <= @upToSequence ORDER BY user_key, "
                    + "occurred_at_ms, sequence", new { keys = KeysJson(userKeys), upToSequence }, ReadSequenced, cancellationToken)
                .ConfigureAwait(false), cancellationToken);

    /// <summary>The numbers of the parameter <c>keys</c> as rows, see <see cref="KeysJson"/>.</summary>
    private protected abstract string KeysSql { get; }

    /// <summary>Both databases take a list of keys as a JSON array.</summary>
    private protected static string KeysJson(IReadOnlyCollection<int> keys) =>
        $"[{string.Join(',', keys.Select(key => key.ToString(CultureInfo.InvariantCulture)))}]";

    private static SequencedEvent ReadSequenced(DbDataReader r) => new(r.GetInt64(0), r.GetInt32(1), r.GetInt32(2), (short)r.GetInt32(3),
        r.IsDBNull(4) ? float.NaN : (float)r.GetDouble(4), r.GetInt64(5), r.IsDBNull(6) ? null : r.GetString(6));
}
