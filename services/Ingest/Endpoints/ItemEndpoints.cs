using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using Recommender.Contracts;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Reading;
using Recommender.Messaging.Parsing;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;
using Recommender.Storage.Catalogue;

namespace Recommender.Ingest.Endpoints;

/// <summary>The catalogue: <c>/v1/items</c>. Changes go to the Trainer as commands, in order.</summary>
internal static class ItemEndpoints
{
    /// <summary>Reads one element of a body: the command, or its error.</summary>
    /// <exception cref="JsonException">Not JSON, or a field of the wrong type.</exception>
    private delegate (Command? Command, FieldError? Error) ReadElement(ReadOnlySpan<byte> json, DateTimeOffset now);

    public static void Map(WebApplication app)
    {
        app.MapOperation(ItemOperations.GetItem,
            (HttpContext context, IStore store) => GetAsync(context.GetPathId("itemId"), context, store));
        app.MapOperation(ItemOperations.GetItemByQuery,
            (HttpContext context, IStore store) => GetAsync(context.GetQueryId("itemId"), context, store));
        app.MapOperation(ItemOperations.PutItem, PutAsync);
        app.MapOperation(ItemOperations.PatchItem, PatchAsync);
        app.MapOperation(ItemOperations.DeleteItem,
            (HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock) =>
                DeleteAsync(context.GetPathId("itemId"), context, publishers, store, clock));
        app.MapOperation(ItemOperations.DeleteItemByQuery,
            (HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock) =>
                DeleteAsync(context.GetQueryId("itemId"), context, publishers, store, clock));
        app.MapOperation(ItemOperations.PostItems,
            (HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock) =>
                SendManyAsync(context, publishers, store, options, clock, (json, now) => ItemReader.ReadItem(json, null, now)));
        app.MapOperation(ItemOperations.PatchItems,
            (HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock) =>
                SendManyAsync(context, publishers, store, options, clock, (json, now) => ItemReader.ReadPatch(json, null, now)));
    }

    private static async Task<Results<JsonHttpResult<Item>, StatusCodeHttpResult, Problem>> GetAsync(string itemId, HttpContext context,
        IStore store)
    {
        var entry = await store.GetItemAsync(itemId, context.RequestAborted);
        if (EntityTag.Of(entry) is not { } tag) return Problem.NotFound($"There is no item '{itemId}'.");
        context.Response.Headers.ETag = tag;
        if (!ItemCondition.NoneMatches(context.Request, tag)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return TypedResults.Json(entry!.Item!, ContractsJson.Default.Item);
    }

    private static async Task<JsonHttpResult<AcceptedResponse>> PutAsync(HttpContext context, GroupPublishers publishers, IStore store,
        TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        RequestChecks.ThrowIfNotJson(context, "application/json");
        using var body = await context.ReadBodyAsync();
        return await SendOneAsync(context, publishers, store, ItemReader.ReadItem(body.Span, itemId, clock.GetUtcNow()));
    }

    private static async Task<JsonHttpResult<AcceptedResponse>> PatchAsync(HttpContext context, GroupPublishers publishers, IStore store,
        TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        RequestChecks.ThrowIfNotJson(context, "application/merge-patch+json or application/json");
        using var body = await context.ReadBodyAsync();
        return await SendOneAsync(context, publishers, store, ItemReader.ReadPatch(body.Span, itemId, clock.GetUtcNow()));
    }

    private static Task<JsonHttpResult<AcceptedResponse>> DeleteAsync(string itemId, HttpContext context, GroupPublishers publishers,
        IStore store, TimeProvider clock) =>
        SendOneAsync(context, publishers, store,
        (new Command { Kind = CommandKind.DeleteItem, AcceptedAt = clock.GetUtcNow(), ItemId = itemId }, null));

    private static async Task<JsonHttpResult<AcceptedResponse>> SendOneAsync(
        HttpContext context, GroupPublishers publishers, IStore store, (Command? Command, FieldError? Error) read)
    {
        if (read.Error is { Field: "" } whole) throw new ProblemException(Problem.InvalidBody($"The body {whole.Error}."));
        RequestChecks.ThrowIfInvalid(read.Error);
        var command = read.Command!;
        RequestChecks.ThrowIfInvalid(await new VectorCheck(store).ErrorOfAsync(command, context.RequestAborted));
        if (ItemCondition.Read(context.Request) is { } tags)
        {
            string itemId = command.ItemId ?? command.Item!.ItemId!;
            if (!EntityTag.Matches(tags, await store.GetItemAsync(itemId, context.RequestAborted)))
            {
                throw new ProblemException(Problem.PreconditionFailed(
                    $"Item '{itemId}' has none of the entity tags of If-Match. GET /v1/items/{{itemId}} returns the present one."));
            }

            // The version changes once the change is applied. With a change id, a second delivery does not fail because of the first.
            command = command with { IfMatch = tags, ChangeId = command.ChangeId ?? Guid.CreateVersion7().ToString("N") };
        }

        return await publishers.SendAsync(command);
    }

    private static async Task<IResult> SendManyAsync(
        HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock, ReadElement read)
    {
        bool atomic = RequestChecks.QueryFlag(context, "atomic");
        publishers.Commands.ThrowIfUnavailable();
        if (context.Request.Headers.IfMatch.Count > 0)
            throw new ProblemException(Problem.InvalidField("If-Match", "applies to one item: use /v1/items/{itemId}"));
        var now = clock.GetUtcNow();
        var vectors = new VectorCheck(store);
        int messageBytes = atomic ? int.MaxValue : options.GroupBytes;
        using var batch = new Batch<Command>(publishers.Commands, ContractsJson.Default.Command, messageBytes);
        bool isSingle = false;
        try
        {
            if (Ndjson.Is(context.Request.ContentType)) await ReadNdjsonAsync();
            else isSingle = await ReadJsonAsync();
        }
        catch (ContentCodingException e)
        {
            return await batch.StopAsync(Problem.OfCoding(e));
        }

        if (atomic && batch.RejectedTotal > 0) return batch.NothingValid(isSingle);
        var answer = await batch.CompleteAsync(isSingle);
        IngestTelemetry.Commands.Add(batch.Taken);
        return answer;

        async Task ReadNdjsonAsync()
        {
            long bytes = 0;
            await foreach (var (index, line) in Ndjson.ReadLinesAsync(context, context.RequestAborted))
            {
                if (atomic && (bytes += line?.Length ?? 0) > Limits.BodyBytes)
                    throw new ProblemException(Problem.TooLarge($"With atomic=true a body is at most {Limits.BodyBytes} bytes long."));
                if (line is not { } content)
                    batch.Reject(index, "", $"is longer than {Limits.LineBytes} bytes");
                else if (!Utf8.IsValid(content.Span))
                    batch.Reject(index, "", $"is not valid UTF-8 at byte {RequestReading.FirstInvalidByte(content.Span)}");
                else
                    await AddAsync(index, content);
            }
        }

        async Task<bool> ReadJsonAsync()
        {
            RequestChecks.ThrowIfNotJson(context, "application/json or application/x-ndjson");
            using var body = await context.ReadBodyAsync();
            if (RequestChecks.IsObject(body.Span))
            {
                await AddAsync(0, body.Memory);
                return true;
            }

            var elements = JsonElements.Of(body.Memory);
            if (elements.Count > Limits.ItemsPerArray)
            {
                throw new ProblemException(Problem.TooLarge(
                    $"The array holds {elements.Count} items; {Limits.ItemsPerArray} are allowed. NDJSON has no limit."));
            }

            foreach (var (index, range) in elements) await AddAsync(index, body.Memory[range]);
            return false;
        }

        async ValueTask AddAsync(int index, ReadOnlyMemory<byte> json)
        {
            Command? command = null;
            FieldError? error;
            try
            {
                (command, error) = read(json.Span, now);
                error ??= await vectors.ErrorOfAsync(command!, context.RequestAborted);
            }
            catch (JsonException e)
            {
                error = JsonErrors.Describe(e);
            }

            if (error is not null) batch.Reject(index, error.Field, error.Error);
            else await batch.AddAsync(command!);
        }
    }
}
