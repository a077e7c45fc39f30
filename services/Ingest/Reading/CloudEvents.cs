using System.Text.Json;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Messaging.Parsing;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Reading;

/// <summary>
/// CloudEvents 1.0 over HTTP: structured, batched and binary mode. <c>data</c> is the event; <c>id</c> is its id, unique together with
/// <c>source</c>; <c>time</c> and <c>type</c> fill <c>occurredAt</c> and the event type where the data has none.
/// </summary>
internal static class CloudEvents
{
    public const string Structured = "application/cloudevents+json";
    public const string Batched = "application/cloudevents-batch+json";

    public static bool IsCloudEvent(HttpRequest request) =>
        request.Headers.ContainsKey("ce-specversion") || RequestReading.IsMediaType(request.ContentType, Structured)
        || RequestReading.IsMediaType(request.ContentType, Batched);

    /// <exception cref="ProblemException">The envelope is wrong.</exception>
    public static (ParsedInteractions Parsed, bool IsSingle) Parse(HttpRequest request, ReadOnlyMemory<byte> body, DateTimeOffset now,
        EventWeights weights)
    {
        var valid = new List<Interaction>();
        var rejected = new List<RejectedInteraction>();
        if (RequestReading.IsMediaType(request.ContentType, Batched))
        {
            foreach (var (index, range) in JsonElements.Of(body)) AddStructured(index, body[range]);
            return (new ParsedInteractions(valid, rejected), false);
        }

        if (RequestReading.IsMediaType(request.ContentType, Structured))
        {
            AddStructured(0, body);
        }
        else
        {
            var envelope = new CloudEvent
            {
                SpecVersion = Header(request, "ce-specversion"),
                Id = Header(request, "ce-id"),
                Source = Header(request, "ce-source"),
                Type = Header(request, "ce-type"),
                Time = Header(request, "ce-time"),
            };
            Add(0, envelope, body, body);
        }

        return (new ParsedInteractions(valid, rejected), true);

        void AddStructured(int index, ReadOnlyMemory<byte> element)
        {
            CloudEvent? envelope;
            try
            {
                envelope = JsonSerializer.Deserialize(element.Span, CloudEventsJson.Default.CloudEvent);
            }
            catch (JsonException e)
            {
                var error = JsonErrors.Describe(e);
                rejected.Add(new RejectedInteraction(index, error.Field, error.Error, element));
                return;
            }

            if (envelope?.DataBase64 is not null) rejected.Add(
                new RejectedInteraction(index, "data_base64", "is not supported; send the event as JSON in data", element));
            else if (envelope?.Data is not { ValueKind: JsonValueKind.Object } data)
                rejected.Add(new RejectedInteraction(index, "data", "is required and must be an object", element));
            else Add(index, envelope, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(data).ToArray(), element);
        }

        void Add(int index, CloudEvent envelope, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> element)
        {
            if (Complete(envelope, data.Span, now, weights, out var interaction) is { } error) rejected.Add(
                new RejectedInteraction(index, error.Field, error.Error, element));
            else valid.Add(interaction!);
        }
    }

    private static FieldError? Complete(CloudEvent envelope, ReadOnlySpan<byte> data, DateTimeOffset now, EventWeights weights,
        out Interaction? interaction)
    {
        interaction = null;
        if (envelope.SpecVersion != "1.0") return new FieldError("specversion", "must be 1.0");
        if (string.IsNullOrEmpty(envelope.Id)) return new FieldError("id", "is required");
        if (Limits.NameError(envelope.Source, Limits.SourceBytes) is { } sourceError) return new FieldError("source", sourceError);
        if (string.IsNullOrEmpty(envelope.Type)) return new FieldError("type", "is required");
        DateTimeOffset? time = null;
        if (envelope.Time is not null)
        {
            if (!Rfc3339.TryParse(envelope.Time, out var parsed, out string? timeError)) return new FieldError("time", timeError);
            time = parsed;
        }

        try
        {
            interaction = JsonSerializer.Deserialize(data, ContractsJson.Default.Interaction);
        }
        catch (JsonException e)
        {
            var error = JsonErrors.Describe(e);
            return error with { Field = error.Field.Length > 0 ? $"data.{error.Field}" : "data" };
        }

        if (interaction is null) return new FieldError("data", "is null; an object is expected");
        var given = interaction;
        var stated = interaction.OccurredAt ?? time;
        interaction = interaction with
        {
            EventId = envelope.Id,
            CloudEventSource = envelope.Source,
            Type = interaction.Type ?? envelope.Type,
            OccurredAt = stated ?? now,
            OccurredAtAssigned = stated is null,
        };
        if (InteractionParser.Check(interaction, now, weights) is not { } invalid) return null;
        return invalid.Field switch
        {
            "eventId" => invalid with { Field = "id" },
            "occurredAt" when given.OccurredAt is null => invalid with { Field = "time" },
            "type" when given.Type is null => invalid,
            _ => invalid with { Field = $"data.{invalid.Field}" },
        };
    }

    /// <summary>Header values are percent-encoded where they go beyond ASCII.</summary>
    private static string? Header(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var value) ? Uri.UnescapeDataString(value.ToString()) : null;
}
