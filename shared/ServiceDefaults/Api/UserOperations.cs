using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on users and their personal data.</summary>
public static class UserOperations
{
    private const string ErasureText = """
        { "erasureId": "01972a0b6b2e7c9a8f0d3c5e7a9b1d2f", "state": "pending", "stages": { "requested": "2026-01-01T00:00:00+00:00" },
          "eventsRemoved": 0 }
        """;

    private const string QueryText = "For the ids `.` and `..`, which earlier versions accepted and no path can carry.";

    private static OperationParameter IdInQuery => OperationParameter.InQuery(OperationParameter.UserId);

    private static IReadOnlyList<OperationAnswer> Accepted =>
    [
        OperationAnswer.Of<AcceptedResponse>(202, "The change is durable. It is applied in the order of arrival.",
            """{ "accepted": 1, "rejected": [], "eventIds": [] }"""),
    ];

    public static Operation ListUsers { get; } = new()
    {
        Id = "ListUsers",
        Method = "GET",
        Pattern = "/v1/users",
        Service = Operations.Trainer,
        Scope = Scopes.Admin,
        Tag = Operations.UsersTag,
        Summary = "List users",
        Description = "Users with events, by descending number of events and then by id.",
        Parameters =
        [
            new("prefix", ParameterKind.Text, "Only ids that start with this text."),
            new("limit", ParameterKind.WholeNumber, "Maximum number of users. Default 50.") { Minimum = 1, Maximum = 1000 },
        ],
        Answers =
        [
            OperationAnswer.Of<UserListResponse>(200, "The users.",
                """{ "users": [{ "userId": "17850", "events": 312, "lastAt": "2010-12-02T15:27:00+00:00" }] }"""),
        ],
    };

    public static Operation PutUser { get; } = new()
    {
        Id = "PutUser",
        Method = "PUT",
        Pattern = "/v1/users/{userId}",
        Service = Operations.Ingest,
        Scope = Scopes.Ingest,
        Tag = Operations.UsersTag,
        Summary = "Set a user's properties",
        Parameters = [OperationParameter.UserId],
        Body = OperationBody.Of<UserProfile>("""{ "properties": { "country": "GB", "newsletter": true } }"""),
        Answers = Accepted,
        Problems = [507],
    };

    public static Operation MergeSession { get; } = PutUser with
    {
        Id = "MergeSession",
        Method = "POST",
        Pattern = "/v1/users/{userId}/merge",
        Summary = "Merge a session into a user",
        Description = "Moves the events of the session to the user, for example after a login.",
        Body = OperationBody.Of<MergeRequest>("""{ "sessionId": "s-1" }"""),
    };

    public static Operation ExportUser { get; } = new()
    {
        Id = "ExportUser",
        Method = "GET",
        Pattern = "/v1/users/{userId}/export",
        Service = Operations.Ingest,
        Scope = Scopes.Admin,
        Tag = Operations.UsersTag,
        Summary = "Export a user's data",
        Description = "All data held on the user: properties, events, and the answers that were returned for them.",
        Parameters = [OperationParameter.UserId],
        Answers =
        [
            OperationAnswer.Of<UserExport>(200, "The user's data.", """
                { "userId": "17850", "properties": { "country": "GB" },
                  "events": [{ "eventId": "o-536365-85123A", "userId": "17850", "itemId": "85123A", "type": "purchase", "value": 6,
                               "occurredAt": "2010-12-01T08:26:00+00:00" }],
                  "answers": [{ "recommendationId": "4f0c7b1e2a9d1f604f0c7b1e2a9d1f60", "at": "2010-12-01T08:25:00+00:00",
                                "kind": "recommendations", "source": "personal", "userId": "17850", "share": 1,
                                "items": [{ "itemId": "85123A", "score": 0.83 }] }] }
                """),
        ],
        Problems = [404],
    };

    public static Operation ExportUserByQuery { get; } = ExportUser with
    {
        Id = "ExportUserByQuery",
        Pattern = "/v1/users/export",
        Summary = "Export a user's data by query parameter",
        Description = QueryText,
        Parameters = [IdInQuery],
    };

    public static Operation EraseUser { get; } = new()
    {
        Id = "EraseUser",
        Method = "DELETE",
        Pattern = "/v1/users/{userId}",
        Service = Operations.Ingest,
        Scope = Scopes.Admin,
        Tag = Operations.UsersTag,
        Summary = "Erase a user",
        Description = "Erases all data on the user from store, factor store, queues, memory and the next model. "
            + "`GET /v1/erasures/{erasureId}` shows the progress.",
        Parameters = [OperationParameter.UserId],
        Answers =
        [
            OperationAnswer.Of<ErasureResponse>(202, "The request is durable.", ErasureText) with
            {
                Headers = new Dictionary<string, string> { ["Location"] = "Path of the erasure." },
            },
        ],
        Problems = [507],
    };

    public static Operation EraseUserByQuery { get; } = EraseUser with
    {
        Id = "EraseUserByQuery",
        Pattern = "/v1/users",
        Summary = "Erase a user by query parameter",
        Description = QueryText,
        Parameters = [IdInQuery],
    };

    public static Operation GetErasure { get; } = new()
    {
        Id = "GetErasure",
        Method = "GET",
        Pattern = "/v1/erasures/{erasureId}",
        Service = Operations.Ingest,
        Scope = Scopes.Admin,
        Tag = Operations.UsersTag,
        Summary = "Get an erasure",
        Description = "State of an erasure and the time of each completed stage.",
        Parameters =
        [
            new("erasureId", ParameterKind.Text, "The `erasureId` of the answer to the erasure request.")
            {
                Place = ParameterPlace.Path,
                Example = "01972a0b6b2e7c9a8f0d3c5e7a9b1d2f",
            },
        ],
        Answers = [OperationAnswer.Of<ErasureResponse>(200, "The erasure.", ErasureText)],
        Problems = [404],
    };
}
