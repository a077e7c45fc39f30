using System.Data.Common;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    /// <summary>Maximum number of model bytes per row.</summary>
    private const int ChunkBytes = 8 << 20;

    public async Task<long> SaveModelAsync(ModelInfo info, ReadOnlyMemory<byte> model, CancellationToken cancellationToken)
    {
        // Each chunk is a separate transaction, so that a large model does not block events. The model exists once the record is written.
        long version = await WriteAsync(async connection =>
        {
            long next = 1 + await connection.ExecuteScalarAsync<long>(Command(
                "SELECT coalesce(max(version), 0) FROM (SELECT version FROM models UNION ALL SELECT version FROM model_chunks) AS versions",
                    null, cancellationToken)).ConfigureAwait(false);
            await WriteChunkAsync(connection, next, 0, model, cancellationToken).ConfigureAwait(false);
            return next;
        }, cancellationToken).ConfigureAwait(false);
        for (int chunk = 1; (long)chunk * ChunkBytes < model.Length; chunk++)
            await WriteAsync(connection => WriteChunkAsync(connection, version, chunk, model, cancellationToken), cancellationToken)
                .ConfigureAwait(false);

        await WriteAsync(async connection =>
        {
            long written = await connection.ExecuteScalarAsync<long>(
                Command("SELECT coalesce(sum(length(body)), 0) FROM model_chunks WHERE version = @version", new { version },
                    cancellationToken)).ConfigureAwait(false);
            if (written != model.Length)
                throw new StoreUnavailableException($"The bytes of model {version} were removed while it was being saved. Save it again.");
            var state = info.State == ModelState.Rejected ? ModelState.Rejected : ModelState.Trained;
            string json = JsonSerializer.Serialize(info with { Version = version, State = state, ReleasedAt = null },
                ContractsJson.Default.ModelInfo);
            return await connection.ExecuteAsync(Command(
                "INSERT INTO models (version, info, state, bytes) VALUES (@version, @json, @state, @bytes)",
                new { version, json, state = Name(state), bytes = (long)model.Length }, cancellationToken)).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        return version;
    }

    private static Task<int> WriteChunkAsync(DbConnection connection, long version, int chunk, ReadOnlyMemory<byte> model,
        CancellationToken cancellationToken)
    {
        int start = chunk * ChunkBytes;
        byte[] body = model.Slice(start, Math.Min(ChunkBytes, model.Length - start)).ToArray();
        return connection.ExecuteAsync(Command("INSERT INTO model_chunks (version, chunk, body) VALUES (@version, @chunk, @body)",
            new { version, chunk, body }, cancellationToken));
    }

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<ModelInfo>>(async connection =>
        await ModelsAsync(connection, "ORDER BY version DESC LIMIT @limit", new { limit }, cancellationToken).ConfigureAwait(false),
        cancellationToken);

    public Task<ModelInfo?> GetModelAsync(long version, CancellationToken cancellationToken) =>
        ReadAsync(async connection => (await ModelsAsync(connection, "WHERE version = @version", new { version }, cancellationToken)
        .ConfigureAwait(false)).FirstOrDefault(), cancellationToken);

    public Task<ModelInfo?> GetReleasedModelAsync(CancellationToken cancellationToken) =>
        ReadAsync(async connection => (await ModelsAsync(connection, "WHERE state = 'released'", null, cancellationToken)
        .ConfigureAwait(false)).FirstOrDefault(), cancellationToken);

    public Task<byte[]?> ReadModelAsync(long version, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            long? length = await connection.ExecuteScalarAsync<long?>(
                Command("SELECT bytes FROM models WHERE version = @version", new { version }, cancellationToken)).ConfigureAwait(false);
            if (length is null) return null;
            byte[] model = new byte[length.Value];
            int at = 0;
            for (int chunk = 0; at < model.Length; chunk++)
            {
                byte[] body = await connection.ExecuteScalarAsync<byte[]?>(
                    Command("SELECT body FROM model_chunks WHERE version = @version AND chunk = @chunk", new { version, chunk },
                        cancellationToken)).ConfigureAwait(false)
                    ?? throw new InvalidDataException($"Chunk {chunk} of model {version} is missing from the database.");
                body.CopyTo(model, at);
                at += body.Length;
            }

            return model;
        }, cancellationToken);

    public Task<ModelInfo?> ReleaseModelAsync(long version, DateTimeOffset releasedAt, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            var found = await ModelsAsync(connection, "WHERE version = @version AND bytes IS NOT NULL", new { version }, cancellationToken)
                .ConfigureAwait(false);
            if (found is not [var model]) return null;
            if (model.State == ModelState.Released) return model;
            await connection.ExecuteAsync(Command("UPDATE models SET state = 'retired' WHERE state = 'released'", null, cancellationToken))
                .ConfigureAwait(false);
            await connection.ExecuteAsync(Command("UPDATE models SET state = 'released', released_at_ms = @at WHERE version = @version",
                new { version, at = releasedAt.ToUnixTimeMilliseconds() }, cancellationToken)).ConfigureAwait(false);
            return (await ModelsAsync(connection, "WHERE version = @version", new { version }, cancellationToken).ConfigureAwait(false))[0];
        }, cancellationToken);

    public async Task<IReadOnlyList<long>> PruneModelsAsync(int keep, CancellationToken cancellationToken)
    {
        var dropped = await WriteAsync(async connection =>
        {
            var candidates = await QueryAsync<ModelRow>(connection,
                "SELECT version, state FROM models WHERE bytes IS NOT NULL ORDER BY version DESC", null, cancellationToken)
                .ConfigureAwait(false);
            var versions = candidates.Skip(Math.Max(0, keep)).Where(model => model.State != Name(ModelState.Released))
                .Select(model => model.Version).ToList();
            foreach (long version in versions)
                await connection.ExecuteAsync(Command("UPDATE models SET bytes = NULL WHERE version = @version", new { version },
                    cancellationToken)).ConfigureAwait(false);
            return versions;
        }, cancellationToken).ConfigureAwait(false);

        // As in saving, each chunk is a separate transaction, so that overwriting deleted bytes does not block events.
        while (await WriteAsync(connection => connection.ExecuteAsync(Command(DeleteLeftChunkSql, null, cancellationToken)),
            cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        return dropped;
    }

    /// <summary>Removes one chunk of a pruned model, or of a model whose save was interrupted.</summary>
    private const string DeleteLeftChunkSql = """
        DELETE FROM model_chunks WHERE (version, chunk) IN (
            SELECT version, chunk FROM model_chunks
            WHERE version IN (SELECT version FROM models WHERE bytes IS NULL)
               OR version < (SELECT max(version) FROM models) AND version NOT IN (SELECT version FROM models)
            ORDER BY version, chunk LIMIT 1)
        """;

    private static async Task<List<ModelInfo>> ModelsAsync(DbConnection connection, string where, object? parameters,
        CancellationToken cancellationToken) =>
        (await QueryAsync<ModelRow>(connection, "SELECT info, state, released_at_ms FROM models " + where, parameters, cancellationToken)
        .ConfigureAwait(false)).ConvertAll(row => row.ToInfo());

    private static string Name(ModelState state) => state switch
    {
        ModelState.Trained => "trained",
        ModelState.Rejected => "rejected",
        ModelState.Released => "released",
        _ => "retired",
    };

    private sealed class ModelRow
    {
        public long Version { get; init; }
        public string Info { get; init; } = "";
        public string State { get; init; } = "";
        public long? ReleasedAtMs { get; init; }

        public ModelInfo ToInfo() => JsonSerializer.Deserialize(Info, ContractsJson.Default.ModelInfo)! with
        {
            State = Enum.Parse<ModelState>(State, ignoreCase: true),
            ReleasedAt = ReleasedAtMs is { } at ? Time(at) : null,
        };
    }
}
