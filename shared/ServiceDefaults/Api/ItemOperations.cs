using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on the catalogue.</summary>
public static class ItemOperations
{
    private const string ChangeText =
        "`changeId` (1 to 256 bytes) identifies the change: a change that was applied to an item is never applied to it again, whatever "
        + "changes follow. All vectors of a catalogue have the same length; a vector of another length is refused until no item has one.";

    private const string BulkText = ChangeText + " A single element is accepted without the array. Invalid elements are listed in "
        + "`rejected` and do not affect the others; 400 if none is valid.";

    private const string PatchText = "An unknown item is created. A patch of a deleted item is ignored and counted in `GET /v1/status`. ";

    private const string ConditionText =
        " `If-Match` is checked on arrival (412) and again when the change is applied; a change that fails "
        + "the second check becomes a dead letter.";

    private const string ItemText = """
        { "itemId": "85123A", "title": "WHITE HANGING HEART T-LIGHT HOLDER", "categories": ["home"], "tags": ["heart"],
          "properties": { "price": 2.55, "inStock": true }, "available": true, "publishedAt": "2010-12-01T00:00:00Z" }
        """;

    private static OperationParameter IfMatch => new("If-Match", ParameterKind.Text,
        "Entity tags of which the item must have one, or * for an item that exists.")
    {
        Place = ParameterPlace.Header,
    };

    private static OperationParameter IfNoneMatch => new("If-None-Match", ParameterKind.Text,
        "Entity tags. The answer is 304 while the item has one of them.")
    {
        Place = ParameterPlace.Header,
    };

    private static OperationParameter IdInQuery => OperationParameter.InQuery(OperationParameter.ItemId);

    private static IReadOnlyList<OperationAnswer> Item =>
    [
        OperationAnswer.Of<Item>(200, "The item as stored.", ItemText) with
        {
            Headers = new Dictionary<string, string> { ["ETag"] = "Version of the item in the store." },
        },
        new(304, "The item still has one of the entity tags of If-None-Match.", null, null),
    ];

    private static IReadOnlyList<OperationAnswer> Accepted =>
    [
        OperationAnswer.Of<AcceptedResponse>(202, "The change is durable. It is applied in the order of arrival.",
            """{ "accepted": 1, "rejected": [], "eventIds": [] }"""),
    ];

    public static Operation GetItem { get; } = new()
    {
        Id = "GetItem",
        Method = "GET",
        Pattern = "/v1/items/{itemId}",
        Service = Operations.Ingest,
        Scope = Scopes.Read,
        Tag = Operations.ItemsTag,
        Summary = "Get an item",
        Description = "The item as stored. `GET /v1/items?itemId=…` reaches the ids `popular`, `trending` and `latest`, which are lists "
            + "under this path.",
        Parameters = [OperationParameter.ItemId, IfNoneMatch],
        Answers = Item,
        Problems = [404],
    };

    public static Operation GetItemByQuery { get; } = GetItem with
    {
        Id = "GetItemByQuery",
        Pattern = "/v1/items",
        Summary = "Get an item by query parameter",
        Description = "The item as stored, for any id: also for `popular`, `trending` and `latest`, and for the ids `.` and `..`, which "
            + "earlier versions accepted and no path can carry.",
        Parameters = [IdInQuery, IfNoneMatch],
    };

    public static Operation PutItem { get; } = new()
    {
        Id = "PutItem",
        Method = "PUT",
        Pattern = "/v1/items/{itemId}",
        Service = Operations.Ingest,
        Scope = Scopes.Ingest,
        Tag = Operations.ItemsTag,
        Summary = "Create or replace an item",
        Description = "Restores a deleted item. " + ChangeText + ConditionText,
        Parameters = [OperationParameter.ItemId, IfMatch],
        Body = OperationBody.Of<Item>(ItemText),
        Answers = Accepted,
        Problems = [412, 507],
    };

    public static Operation PatchItem { get; } = PutItem with
    {
        Id = "PatchItem",
        Method = "PATCH",
        Summary = "Change an item",
        Description = "JSON merge patch (RFC 7396): null removes a field. " + PatchText + ChangeText + ConditionText,
        Body = new OperationBody(typeof(ItemPatch), IsMany: false, ["application/merge-patch+json", "application/json"],
            """{ "available": false, "properties": { "price": 1.95 }, "url": null }"""),
    };

    public static Operation DeleteItem { get; } = PutItem with
    {
        Id = "DeleteItem",
        Method = "DELETE",
        Summary = "Delete an item",
        Description = "Removes the item from the catalogue, and keeps an unknown item from appearing. Its events are kept. Only a PUT or "
            + "an element of `POST /v1/items` restores it." + ConditionText,
        Body = null,
    };

    public static Operation DeleteItemByQuery { get; } = DeleteItem with
    {
        Id = "DeleteItemByQuery",
        Pattern = "/v1/items",
        Summary = "Delete an item by query parameter",
        Description = "For the ids `.` and `..`, which earlier versions accepted and no path can carry." + ConditionText,
        Parameters = [IdInQuery, IfMatch],
    };

    public static Operation PostItems { get; } = PutItem with
    {
        Id = "PostItems",
        Method = "POST",
        Pattern = "/v1/items",
        Summary = "Create or replace items",
        Description = "An array, or NDJSON of any length. " + BulkText,
        Parameters = [EventOperations.Atomic],
        Body = new OperationBody(typeof(Item), IsMany: true, ["application/json", "application/x-ndjson"], $"[{ItemText}]"),
        Problems = [507],
    };

    public static Operation PatchItems { get; } = PostItems with
    {
        Id = "PatchItems",
        Method = "PATCH",
        Summary = "Change items",
        Description = "JSON merge patches (RFC 7396) as an array, or as NDJSON of any length. Each element has an `itemId` and the "
            + "fields to change; null removes a field. " + PatchText + BulkText,
        Body = new OperationBody(typeof(ItemPatch), IsMany: true,
            ["application/json", "application/x-ndjson", "application/merge-patch+json"],
            """[{ "itemId": "85123A", "available": false }, { "itemId": "22423", "tags": ["tea"], "url": null }]"""),
    };
}
