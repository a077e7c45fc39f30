using System.Text.Json;
using System.Text.Unicode;
using Recommender.Contracts;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Reading;
using Recommender.Messaging.Parsing;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Requests;
using Recommender.Storage;
using Recommender.Storage.Catalogue;

namespace Recommender.Ingest.Endpoints;

/// <summary>The catalogue: <c>/v1/items</c>. Changes go to the Trainer as commands, in order.</summary>
internal static class ItemEndpoints
{
    private const string ChangeText =
        "changeId (1 to 256 bytes) names the change: a change that was applied to an item is never applied to it again, whatever became " +
        "of the item since. A vector of another length than those of the catalogue is refused; another length is possible once no item " +
        "has a vector.";

    private const string BulkText = ChangeText + " ?atomic=true takes all elements or none.";

    private const string PatchText = "A patch of a deleted item is ignored and counted in GET /v1/status. ";

    private const string ConditionText =
        " If-Match is checked at once (412) and again when the change is applied; a change that loses there becomes a dead letter.";

    /// <summary>One element of a body: the command, or what is wrong with it.</summary>
    /// <exception cref="JsonException">Not JSON, or a field of the wrong type.</exception>
    private delegate (Command? Command, FieldError? Error) ReadElement(ReadOnlySpan<byte> json, DateTimeOffset now);

    public static void Map(WebApplication app)
    {
        app.MapGet("/v1/items/{itemId}", (HttpContext context, IStore store) => GetAsync(context.GetPathId("itemId"), context, store))
            .RequireScope(Scopes.Read).WithName("GetItem").WithSummary("An item of the catalogue as stored.")
            .WithDescription(
                "ETag is the item's version in the store. With If-None-Match the answer is 304 while the item has that version.")
            .Produces<Item>().Produces(StatusCodes.Status304NotModified).ProducesProblem(StatusCodes.Status404NotFound);
        app.MapGet("/v1/items", (HttpContext context, IStore store) => GetAsync(context.GetQueryId("itemId"), context, store))
            .RequireScope(Scopes.Read).WithName("GetItemByQuery").WithQueryId("itemId")
            .WithSummary("The item of the query parameter itemId as stored.")
            .WithDescription(
                "For any id. GET /v1/items/{itemId} cannot reach popular, trending and latest, which are lists, nor the ids '.' and '..', "
                    + "which earlier versions accepted.")
            .Produces<Item>().Produces(StatusCodes.Status304NotModified).ProducesProblem(StatusCodes.Status404NotFound);
        var items = app.MapGroup("/v1/items").RequireScope(Scopes.Ingest);
        Describe(items.MapPut("/{itemId}", PutAsync).Accepts<Item>("application/json"),
            "PutItem", "Creates or replaces an item, also a deleted one.", ChangeText + ConditionText);
        Describe(items.MapPatch("/{itemId}", PatchAsync).Accepts<Item>("application/merge-patch+json", "application/json"),
            "PatchItem", "Changes an item by JSON merge patch (RFC 7396); creates an unknown one.", PatchText + ChangeText + ConditionText);
        Describe(items.MapDelete("/{itemId}", (HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock) =>
                DeleteAsync(context.GetPathId("itemId"), context, publishers, store, clock)),
            "DeleteItem", "Takes an item out of the catalogue, also one that is not known yet. Its events stay.",
            "The item comes back only by a PUT." + ConditionText);
        Describe(items.MapDelete("", (HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock) =>
                DeleteAsync(context.GetQueryId("itemId"), context, publishers, store, clock)),
            "DeleteItemByQuery", "Takes the item of the query parameter itemId out of the catalogue.",
            "For the ids '.' and '..', which earlier versions accepted and no path can carry." + ConditionText).WithQueryId("itemId");
        items.MapPost("", (HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock) =>
                SendManyAsync(context, publishers, store, options, clock, (json, now) => ItemReader.ReadItem(json, null, now)))
            .WithName("PostItems").WithSummary("Creates or replaces items: one, an array or NDJSON.").WithDescription(BulkText)
            .Accepts<Item[]>("application/json", "application/x-ndjson").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        items.MapPatch("", (HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock) =>
                SendManyAsync(context, publishers, store, options, clock, (json, now) => ItemReader.ReadPatch(json, null, now)))
            .WithName("PatchItems").WithSummary("Changes items by JSON merge patches (RFC 7396): one, an array or NDJSON.")
            .WithDescription(
                "Each element is { itemId, changeId?, and the fields to change }; null removes a field. An unknown item is created. " +
                PatchText + BulkText)
            .Accepts<Item[]>("application/json", "application/x-ndjson", "application/merge-patch+json")
            .Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint, string name, string summary, string description) =>
        endpoint.WithName(name).WithSummary(summary).WithDescription(description)
            .Produces<AcceptedResponse>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status412PreconditionFailed);

    private static async Task<IResult> GetAsync(string itemId, HttpContext context, IStore store)
    {
        var entry = await store.GetItemAsync(itemId, context.RequestAborted);
        if (EntityTag.Of(entry) is not { } tag) return Problem.NotFound($"There is no item '{itemId}'.");
        context.Response.Headers.ETag = tag;
        return ItemCondition.NoneMatches(context.Request, tag)
            ? Results.Json(entry!.Item, ContractsJson.Default.Item)
            : Results.StatusCode(StatusCodes.Status304NotModified);
    }

    private static async Task<IResult> PutAsync(HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        ThrowIfNotJson(context, "application/json");
        using var body = await context.ReadBodyAsync();
        return await SendOneAsync(context, publishers, store, ItemReader.ReadItem(body.Span, itemId, clock.GetUtcNow()));
    }

    private static async Task<IResult> PatchAsync(HttpContext context, GroupPublishers publishers, IStore store, TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        ThrowIfNotJson(context, "application/merge-patch+json or application/json");
        using var body = await context.ReadBodyAsync();
        return await SendOneAsync(context, publishers, store, ItemReader.ReadPatch(body.Span, itemId, clock.GetUtcNow()));
    }

    private static Task<IResult> DeleteAsync(string itemId, HttpContext context, GroupPublishers publishers, IStore store,
        TimeProvider clock) =>
        SendOneAsync(context, publishers, store,
        (new Command { Kind = CommandKind.DeleteItem, AcceptedAt = clock.GetUtcNow(), ItemId = itemId }, null));

    private static void ThrowIfNotJson(HttpContext context, string expected)
    {
        if (!RequestReading.IsJson(context.Request.ContentType))
            throw new ProblemException(RequestReading.UnsupportedType(context.Request.ContentType, expected));
    }

    private static async Task<IResult> SendOneAsync(
        HttpContext context, GroupPublishers publishers, IStore store, (Command? Command, FieldError? Error) read)
    {
        if (read.Error is { Field: "" } whole) throw new ProblemException(Problem.InvalidBody($"The body {whole.Error}."));
        ThrowIfInvalid(read.Error);
        var command = read.Command!;
        ThrowIfInvalid(await new VectorCheck(store).ErrorOfAsync(command, context.RequestAborted));
        if (ItemCondition.Read(context.Request) is { } tags)
        {
            string itemId = command.ItemId ?? command.Item!.ItemId!;
            if (!EntityTag.Matches(tags, await store.GetItemAsync(itemId, context.RequestAborted)))
            {
                throw new ProblemException(Problem.PreconditionFailed(
                    $"Item '{itemId}' has none of the entity tags of If-Match. GET /v1/items/{{itemId}} returns the present one."));
            }

            // The version moves on once the change is applied. Its name keeps a second delivery of it from losing against the first.
            command = command with { IfMatch = tags, ChangeId = command.ChangeId ?? Guid.CreateVersion7().ToString("N") };
        }

        return await SendAsync(publishers, command);
    }

    private static async Task<IResult> SendManyAsync(
        HttpContext context, GroupPublishers publishers, IStore store, IngestOptions options, TimeProvider clock, ReadElement read)
    {
        bool atomic = EventEndpoints.QueryFlag(context, "atomic");
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
            ThrowIfNotJson(context, "application/json or application/x-ndjson");
            using var body = await context.ReadBodyAsync();
            if (EventEndpoints.IsObject(body.Span))
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

    internal static void ThrowIfInvalid(FieldError? error)
    {
        if (error is not null) throw new ProblemException(Problem.InvalidField(error.Field, error.Error));
    }

    internal static async Task<IResult> SendAsync(GroupPublishers publishers, Command command)
    {
        await PublishAsync(publishers, command);
        var accepted = new AcceptedResponse { Accepted = 1 };
        return Results.Json(accepted, ContractsJson.Default.AcceptedResponse, statusCode: StatusCodes.Status202Accepted);
    }

    internal static async Task PublishAsync(GroupPublishers publishers, Command command)
    {
        publishers.Commands.ThrowIfUnavailable();
        var elements = new ElementBuffer();
        elements.Add(command, ContractsJson.Default.Command);
        await publishers.Commands.PublishAsync(elements);
        IngestTelemetry.Commands.Add(1);
    }
}
