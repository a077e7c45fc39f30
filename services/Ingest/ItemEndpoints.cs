using System.Text.Json;
using System.Text.Unicode;
using Recommender.Contracts;
using Recommender.Messaging;
using Recommender.ServiceDefaults;

namespace Recommender.Ingest;

/// <summary>The catalogue: <c>/v1/items</c>. Changes go to the Trainer as commands, in order.</summary>
internal static class ItemEndpoints
{
    private static readonly HashSet<string> s_fields = [.. ContractsJson.Default.Item.Properties.Select(property => property.Name)];

    public static void Map(WebApplication app)
    {
        var items = app.MapGroup("/v1/items").RequireScope(Scopes.Ingest);
        items.MapPut("/{itemId}", PutAsync).WithName("PutItem").WithSummary("Creates or replaces an item.")
            .Accepts<Item>("application/json").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        items.MapPatch("/{itemId}", PatchAsync).WithName("PatchItem").WithSummary("Changes an item by JSON merge patch (RFC 7396).")
            .Accepts<Item>("application/merge-patch+json", "application/json").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        items.MapDelete("/{itemId}", DeleteAsync).WithName("DeleteItem").WithSummary("Takes an item out of the catalogue. Its events stay.")
            .Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
        items.MapPost("", PostAsync).WithName("PostItems").WithSummary("Creates or replaces items: one, an array or NDJSON.")
            .Accepts<Item[]>("application/json", "application/x-ndjson").Produces<AcceptedResponse>(StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PutAsync(HttpContext context, GroupPublishers publishers, TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        var item = await context.ReadJsonAsync(ContractsJson.Default.Item);
        if (item.ItemId is not null && item.ItemId != itemId) throw new ProblemException(Problem.InvalidField("itemId", "differs from the id in the path"));
        item = item with { ItemId = itemId };
        ThrowIfInvalid(item.Validate());
        return await SendAsync(publishers, new Command { Kind = CommandKind.PutItem, AcceptedAt = clock.GetUtcNow(), Item = item });
    }

    private static async Task<IResult> PatchAsync(HttpContext context, GroupPublishers publishers, TimeProvider clock)
    {
        string itemId = context.GetPathId("itemId");
        if (!RequestReading.IsJson(context.Request.ContentType)) throw new ProblemException(Problem.UnsupportedMediaType("Content-Type has to be application/merge-patch+json or application/json."));
        using var body = await context.ReadBodyAsync();
        var patch = JsonSerializer.Deserialize(body.Span, ContractsJson.Default.JsonElement);
        if (patch.ValueKind != JsonValueKind.Object) throw new ProblemException(Problem.InvalidBody("A merge patch is an object."));
        // Fields an item does not have are left out, as in PUT.
        var known = patch.EnumerateObject().Where(p => s_fields.Contains(p.Name)).ToDictionary(p => p.Name, p => p.Value);
        // What the patch sets has to be valid by itself; what it removes (null) takes its default.
        var set = JsonSerializer.SerializeToUtf8Bytes(known.Where(p => p.Value.ValueKind != JsonValueKind.Null).ToDictionary(), ItemPatchJson.Default.DictionaryStringJsonElement);
        var item = JsonSerializer.Deserialize(set, ContractsJson.Default.Item)!;
        if (known.Remove("itemId") && item.ItemId != itemId) throw new ProblemException(Problem.InvalidField("itemId", "differs from the id in the path"));
        ThrowIfInvalid((item with { ItemId = itemId }).Validate());
        return await SendAsync(publishers, new Command { Kind = CommandKind.PatchItem, AcceptedAt = clock.GetUtcNow(), ItemId = itemId, Patch = JsonSerializer.SerializeToElement(known, ItemPatchJson.Default.DictionaryStringJsonElement) });
    }

    private static Task<IResult> DeleteAsync(HttpContext context, GroupPublishers publishers, TimeProvider clock) =>
        SendAsync(publishers, new Command { Kind = CommandKind.DeleteItem, AcceptedAt = clock.GetUtcNow(), ItemId = context.GetPathId("itemId") });

    private static async Task<IResult> PostAsync(HttpContext context, GroupPublishers publishers, IngestOptions options, TimeProvider clock)
    {
        publishers.Commands.ThrowIfUnavailable();
        var now = clock.GetUtcNow();
        using var batch = new Batch<Command>(publishers.Commands, ContractsJson.Default.Command, options.GroupBytes);
        bool isSingle = false;
        if (Ndjson.Is(context.Request.ContentType))
        {
            await foreach (var (index, line) in Ndjson.ReadLinesAsync(context, context.RequestAborted))
            {
                if (line is not { } content) batch.Reject(index, "", $"is longer than {Limits.LineBytes} bytes");
                else if (!Utf8.IsValid(content.Span)) batch.Reject(index, "", $"is not valid UTF-8 at byte {RequestReading.FirstInvalidByte(content.Span)}");
                else await AddAsync(index, content);
            }
        }
        else
        {
            if (!RequestReading.IsJson(context.Request.ContentType)) throw new ProblemException(Problem.UnsupportedMediaType("Content-Type has to be application/json or application/x-ndjson."));
            using var body = await context.ReadBodyAsync();
            isSingle = EventEndpoints.IsObject(body.Span);
            if (isSingle)
            {
                await AddAsync(0, body.Memory);
            }
            else
            {
                var elements = JsonElements.Of(body.Memory);
                if (elements.Count > Limits.ItemsPerArray) throw new ProblemException(Problem.TooLarge($"The array holds {elements.Count} items; {Limits.ItemsPerArray} are allowed. NDJSON has no limit."));
                foreach (var (index, range) in elements) await AddAsync(index, body.Memory[range]);
            }
        }

        var answer = await batch.CompleteAsync(isSingle);
        IngestTelemetry.Commands.Add(batch.Taken);
        return answer;

        async ValueTask AddAsync(int index, ReadOnlyMemory<byte> json)
        {
            Item? item;
            FieldError? error;
            try
            {
                item = JsonSerializer.Deserialize(json.Span, ContractsJson.Default.Item);
                error = item is null ? new FieldError("", "is null; an object is expected") : item.Validate();
            }
            catch (JsonException e)
            {
                (item, error) = (null, JsonElements.Describe(e));
            }

            if (error is not null) batch.Reject(index, error.Field, error.Error);
            else await batch.AddAsync(new Command { Kind = CommandKind.PutItem, AcceptedAt = now, Item = item });
        }
    }

    internal static void ThrowIfInvalid(FieldError? error)
    {
        if (error is not null) throw new ProblemException(Problem.InvalidField(error.Field, error.Error));
    }

    internal static async Task<IResult> SendAsync(GroupPublishers publishers, Command command)
    {
        await PublishAsync(publishers, command);
        return Results.Json(new AcceptedResponse { Accepted = 1 }, ContractsJson.Default.AcceptedResponse, statusCode: StatusCodes.Status202Accepted);
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

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class ItemPatchJson : System.Text.Json.Serialization.JsonSerializerContext;
