using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations on events.</summary>
public static class EventOperations
{
    /// <summary>The rules of event weights and ids for callers.</summary>
    private const string EventRules = """
        The body is an array of events, NDJSON of any length, or CloudEvents 1.0 (structured, batched, or binary with `ce-` headers). A
        single event is accepted without the array. The answer comes once the events are durable. Invalid events are listed in `rejected`
        and do not affect the others; 400 if none is valid.

        `eventId` makes a retry harmless: an event that is already stored counts once. If another event has the same id but another user,
        item, type, value or stated time, the new event is not stored: it becomes a dead letter that names the id. A CloudEvent is unique by
        `source` and `id`, any other event by `eventId`. `GET /v1/status` counts both.

        The meaning of `value` depends on the event's type (setting `EventTypes`). The same rules hold for events over AMQP, imports and the
        `history` of a request.

        - **Sign** (`view`, `click`, `like`, `bookmark`, `share`, `follow`, `comment`, `cart`, every type that is not configured): the
          magnitude does not matter. Above 0, or without a value, the event counts as its type. A value below 0 takes back one such event;
          anything beyond that is a negative signal: a `like` of -1 alone is not a like. An event with value 0 has no effect.
        - **Quantity** (`purchase`, every type with `Value` Linear or Logarithmic): quantities add up. A negative quantity cancels: 6 and -6
          have no effect, 12 and -6 count as 6. A net quantity of 0 or less is neither a like nor a dislike. Without a value the quantity
          is 1.
        - **Rating** (`rating`, every type with `PositiveFrom`): the value is required. Below `PositiveFrom` (3) the rating is negative. The
          newest rating of an item by `occurredAt` replaces earlier ones.
        - **Negative** (`dislike`, `return`, every type with `Negative`): the event is a negative signal. A value below 0 takes one back and
          is never a like.

        Preferences from events of different types on one item add up. `GET /v1/users/{userId}/history` shows the resulting weight and
        target.
        """;

    public static Operation PostEvents { get; } = new()
    {
        Id = "PostEvents",
        Method = "POST",
        Pattern = "/v1/events",
        Service = Operations.Ingest,
        Scope = Scopes.Ingest,
        Tag = Operations.EventsTag,
        Summary = "Record events",
        Description = EventRules,
        Parameters = [Atomic],
        Body = new OperationBody(typeof(Interaction), IsMany: true,
            ["application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json"], """
            [{ "eventId": "o-536365-85123A", "userId": "17850", "itemId": "85123A", "type": "purchase", "value": 6,
               "occurredAt": "2010-12-01T08:26:00Z", "context": { "device": "web" } },
             { "sessionId": "s-1", "itemId": "22423", "type": "view" }]
            """),
        Answers =
        [
            OperationAnswer.Of<AcceptedResponse>(202, "The accepted events are durable.",
                """{ "accepted": 2, "rejected": [], "eventIds": ["01972a0b6b2e7c9a8f0d3c5e7a9b1d2f"] }"""),
        ],
        Problems = [507],
    };

    internal static OperationParameter Atomic => new("atomic", ParameterKind.Flag,
        "Whether one invalid element rejects the whole request. The body is then limited to 8 MiB, also as NDJSON. Default false.");
}
