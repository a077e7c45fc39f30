using System.Text.Unicode;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Ingest.Accepting;
using Recommender.Ingest.Reading;
using Recommender.Messaging.Parsing;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Endpoints;

/// <summary><c>POST /v1/events</c>.</summary>
internal static class EventEndpoints
{
    public static void Map(WebApplication app) => app.MapOperation(EventOperations.PostEvents, PostAsync);

    private static async Task<IResult> PostAsync(HttpContext context, GroupPublishers publishers, IngestOptions options,
        EventWeights weights, TimeProvider clock)
    {
        bool atomic = RequestChecks.QueryFlag(context, "atomic");
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
            single = RequestChecks.IsObject(body.Span);
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
}
