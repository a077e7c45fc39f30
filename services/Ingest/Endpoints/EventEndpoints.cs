using System.Text.Unicode;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Reading;
using Recommender.Messaging.Parsing;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Endpoints;

/// <summary><c>POST /v1/events</c>.</summary>
internal static class EventEndpoints
{
    public static void Map(WebApplication app) =>
        app.MapPost("/v1/events", PostAsync)
            .RequireScope(Scopes.Ingest)
            .WithName("PostEvents")
            .WithSummary(
                "Takes one event, an array, NDJSON or CloudEvents. Answers once they are durable. ?atomic=true takes all or nothing.")
            .WithDescription(IdRules + ValueRules)
            .Accepts<Interaction>("application/json", "application/x-ndjson", CloudEvents.Structured, CloudEvents.Batched)
            .Produces<AcceptedResponse>(StatusCodes.Status202Accepted);

    private const string IdRules = """
        eventId makes a retry harmless: an event that is stored already counts once. An event whose id another event has, with another user,
        item, type, value or stated time, is not stored: it becomes a dead letter that names the id. A CloudEvent is unique by source and id,
        any other event by eventId. GET /v1/status counts both.


        """;

    /// <summary>The rules of <see cref="EventWeights"/> for callers.</summary>
    private const string ValueRules = """
        What `value` means depends on the event's type (setting `EventTypes`). The same rules hold for events over AMQP, imports and the
        `history` of a request.

        - **Sign** (`view`, `click`, `like`, `bookmark`, `share`, `follow`, `comment`, `cart`, every type that is not configured): the
          magnitude does not matter. Above 0, or without a value, the event is what its type says. Below 0 it takes back one such event; what
          it takes back beyond that is a negative signal: a `like` of -1 is no like. 0 says nothing.
        - **Quantity** (`purchase`, every type with `Value` Linear or Logarithmic): quantities add up. A negative quantity cancels: 6 and -6
          say nothing, 12 and -6 count as 6. A net quantity of 0 or less is no like and no dislike. 0 says nothing. Without a value the
          quantity is 1.
        - **Rating** (`rating`, every type with `PositiveFrom`): the value is required. Below `PositiveFrom` (3) the rating is negative. The
          newest rating of an item by `occurredAt` replaces earlier ones.
        - **Negative** (`dislike`, `return`, every type with `Negative`): the event is a negative signal. A value below 0 takes one back and
          is never a like.

        Preferences from events of different types on one item add up. `GET /v1/users/{userId}/history` shows the resulting weight and
        target.
        """;

    private static async Task<IResult> PostAsync(HttpContext context, GroupPublishers publishers, IngestOptions options,
        EventWeights weights, TimeProvider clock)
    {
        bool atomic = QueryFlag(context, "atomic");
        publishers.Interactions.ThrowIfUnavailable();
        string? contentType = context.Request.ContentType;
        bool ndjson = Ndjson.Is(contentType);
        if (!ndjson && !RequestReading.IsJson(contentType))
            throw new ProblemException(RequestReading.UnsupportedType(contentType,
                "application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json"));

        using var batch = new Batch<Interaction>(publishers.Interactions, ContractsJson.Default.Interaction, atomic ? int.MaxValue
            : options.GroupBytes);
        bool isSingle = false;
        try
        {
            if (ndjson) await ReadNdjsonAsync(context, batch, atomic, weights, clock);
            else isSingle = await ReadJsonAsync(context, batch, weights, clock);
        }
        catch (ContentCodingException e)
        {
            return await batch.StopAsync(Problem.OfCoding(e));
        }

        IngestTelemetry.Rejected.Add(batch.RejectedTotal);
        if (atomic && batch.RejectedTotal > 0) return batch.NothingValid(isSingle);
        var answer = await batch.CompleteAsync(isSingle);
        IngestTelemetry.Accepted.Add(batch.Taken);
        return answer;
    }

    /// <summary>True when the body was a single event.</summary>
    private static async Task<bool> ReadJsonAsync(HttpContext context, Batch<Interaction> batch, EventWeights weights, TimeProvider clock)
    {
        using var body = await context.ReadBodyAsync();
        var now = clock.GetUtcNow();
        bool single;
        ParsedInteractions parsed;
        if (CloudEvents.IsCloudEvent(context.Request))
        {
            (parsed, single) = CloudEvents.Parse(context.Request, body.Memory, now, weights);
        }
        else
        {
            parsed = InteractionParser.Parse(body.Memory, now, now, _ => batch.AssignId(), weights);
            single = IsObject(body.Span);
        }

        if (parsed.Rejected is [{ Index: < 0 } whole]) throw new ProblemException(Problem.InvalidBody(whole.Error));
        int count = parsed.Valid.Count + parsed.Rejected.Count;
        if (count > Limits.EventsPerArray) throw new ProblemException(
            Problem.TooLarge($"The array holds {count} events; {Limits.EventsPerArray} are allowed. NDJSON has no limit."));
        foreach (var interaction in parsed.Valid) await batch.AddAsync(interaction);
        foreach (var rejected in parsed.Rejected) batch.Reject(rejected.Index, rejected.Field, rejected.Error);
        return single;
    }

    private static async Task ReadNdjsonAsync(HttpContext context, Batch<Interaction> batch, bool atomic, EventWeights weights,
        TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        long bytes = 0;
        await foreach (var (index, line) in Ndjson.ReadLinesAsync(context, context.RequestAborted))
        {
            // All or nothing means that all is held until the end.
            if (atomic && (bytes += line?.Length ?? 0) > Limits.BodyBytes)
                throw new ProblemException(Problem.TooLarge($"With atomic=true a body is at most {Limits.BodyBytes} bytes long."));
            if (line is not { } content)
            {
                batch.Reject(index, "", $"is longer than {Limits.LineBytes} bytes");
                continue;
            }

            if (!Utf8.IsValid(content.Span))
            {
                batch.Reject(index, "", $"is not valid UTF-8 at byte {RequestReading.FirstInvalidByte(content.Span)}");
                continue;
            }

            // A long stream takes longer than the tolerance for clocks.
            if ((index & 1023) == 0) now = clock.GetUtcNow();
            var (interaction, error) = InteractionParser.ParseOne(content.Span, now, weights);
            if (interaction is null) batch.Reject(index, error!.Field, error.Error);
            else await batch.AddAsync(InteractionParser.Complete(InteractionParser.FromProducer(interaction), now, interaction.EventId
                ?? batch.AssignId()));
        }
    }

    internal static bool IsObject(ReadOnlySpan<byte> body)
    {
        int first = body.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && body[first] != (byte)'[';
    }

    internal static bool QueryFlag(HttpContext context, string name)
    {
        var values = context.Request.Query[name];
        if (values.Count == 0) return false;
        return bool.TryParse(values.ToString(), out bool value) ? value
            : throw new ProblemException(Problem.InvalidField(name, "is neither true nor false"));
    }
}
