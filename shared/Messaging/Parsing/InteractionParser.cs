using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.Parsing;

/// <summary>
/// Parses event JSON, one object or an array, from any producer. An invalid element does not affect others. Events without an id get one
/// that is equal for every delivery of the same message, so that storing stays idempotent.
/// </summary>
public static class InteractionParser
{
    /// <summary>Parses a message of the stream. Missing times are the producer's time of sending, else <paramref name="now"/>.</summary>
    /// <param name="weights">The installation's event types; null: the defaults.</param>
    public static ParsedInteractions Parse(Delivery delivery, DateTimeOffset now, EventWeights? weights = null)
    {
        string? seed = null;
        if (JsonEncoding.ErrorOf(delivery.Body.Span) is { } error) return Whole(delivery.Body, error);
        var body = delivery.Body[JsonEncoding.MarkLength(delivery.Body.Span)..];
        return Parse(body, now, delivery.SentAt is { } sent && sent <= now + Limits.ClockSkew ? sent : now, isAccepted: true, index =>
            $"{seed ??= Seed(delivery)}-{index.ToString(CultureInfo.InvariantCulture)}", weights);
    }

    /// <summary>Parses the body of a producer. <paramref name="newId"/> returns the id for the event at an index without one.</summary>
    /// <param name="weights">The installation's event types; null: the defaults.</param>
    public static ParsedInteractions Parse(
        ReadOnlyMemory<byte> body, DateTimeOffset now, DateTimeOffset occurredAt, Func<int, string> newId, EventWeights? weights = null) =>
        Parse(body, now, occurredAt, isAccepted: false, newId, weights);

    /// <param name="isAccepted">Whether the body may be from Ingest, which sets fields that producers cannot.</param>
    private static ParsedInteractions Parse(
        ReadOnlyMemory<byte> body, DateTimeOffset now, DateTimeOffset occurredAt, bool isAccepted, Func<int, string> newId,
        EventWeights? weights)
    {
        if (!Utf8.IsValid(body.Span)) return Whole(body, "The body is not valid UTF-8.");
        var span = body.Span;
        int first = span.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0) return Whole(body, "The body is empty.");

        var valid = new List<Interaction>();
        var rejected = new List<RejectedInteraction>();
        if (span[first] == (byte)'[')
        {
            // Nearly every body is valid, so it is parsed as a whole, and by element only after a failure.
            Interaction?[]? all = null;
            try
            {
                all = JsonSerializer.Deserialize(span, ContractsJson.Default.InteractionArray);
            }
            catch (JsonException)
            {
                // The invalid element is found below.
            }

            if (all is not null && Array.TrueForAll(all, e => e is not null && Check(e, now, weights) is null))
            {
                valid.Capacity = all.Length;
                for (int i = 0; i < all.Length; i++) AddValid(all[i]!, i);
                return new ParsedInteractions(valid, rejected);
            }

            try
            {
                foreach (var (index, range) in JsonElements.Of(body)) Add(body[range], index);
            }
            catch (JsonException e)
            {
                // A truncated array is rejected as a whole, because it is unknown what else is missing.
                return Whole(body, $"The body is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine}.");
            }
        }
        else
        {
            Add(body, 0);
        }

        return new ParsedInteractions(valid, rejected);

        void Add(ReadOnlyMemory<byte> element, int index)
        {
            var (interaction, error) = ParseOne(element.Span, now, weights);
            if (interaction is not null) AddValid(interaction, index);
            else rejected.Add(new RejectedInteraction(index, error!.Field, error.Error, element));
        }

        void AddValid(Interaction interaction, int index)
        {
            if (!isAccepted) interaction = FromProducer(interaction);
            valid.Add(Complete(interaction, occurredAt, interaction.EventId ?? newId(index)));
        }
    }

    /// <summary>Parses and validates one event. Exactly one of the two results is null.</summary>
    /// <param name="weights">The installation's event types; null: the defaults.</param>
    public static (Interaction? Interaction, FieldError? Error) ParseOne(ReadOnlySpan<byte> json, DateTimeOffset now,
        EventWeights? weights = null)
    {
        try
        {
            var interaction = JsonSerializer.Deserialize(json, ContractsJson.Default.Interaction);
            if (interaction is null) return (null, new FieldError("", "is null; an object is expected"));
            return Check(interaction, now, weights) is { } error ? (null, error) : (interaction, null);
        }
        catch (JsonException e)
        {
            return (null, JsonErrors.Describe(e));
        }
    }

    /// <summary>The first wrong field and the reason, by the rules of events and of their types; null for a valid event.</summary>
    /// <param name="weights">The installation's event types; null: the defaults.</param>
    public static FieldError? Check(Interaction interaction, DateTimeOffset now, EventWeights? weights = null) =>
        interaction.Validate(now)
            ?? ((weights ?? EventWeights.Default).ValueError(interaction.Type!, interaction.Value) is { } error
                ? new FieldError("value", error) : null);

    /// <summary>The event without fields that only Ingest may set; usually the event itself.</summary>
    public static Interaction FromProducer(Interaction interaction) =>
        interaction.CloudEventSource is null && !interaction.OccurredAtAssigned ? interaction
        : interaction with { CloudEventSource = null, OccurredAtAssigned = false };

    /// <summary>The event completed with an id and a time.</summary>
    /// <param name="occurredAt">Time for an event without one. It is marked as assigned.</param>
    public static Interaction Complete(Interaction interaction, DateTimeOffset occurredAt, string eventId) =>
        interaction.EventId is not null && interaction.OccurredAt is not null
            ? interaction
            : interaction with
            {
                EventId = eventId,
                OccurredAt = interaction.OccurredAt
                ?? occurredAt,
                OccurredAtAssigned = interaction.OccurredAtAssigned || interaction.OccurredAt is null
            };

    private static ParsedInteractions Whole(ReadOnlyMemory<byte> body, string error) =>
        new([], [new RejectedInteraction(-1, "", error, body)]);

    /// <summary>
    /// The producer's message id, else the content: two messages with equal content and without an id are the same event.
    /// </summary>
    private static string Seed(Delivery delivery)
    {
        Span<byte> hash = stackalloc byte[32];
        if (delivery.MessageId is { Length: > 0 } id) SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        else SHA256.HashData(delivery.Body.Span, hash);
        return (delivery.MessageId is { Length: > 0 } ? "m-" : "b-") + Base64Url.EncodeToString(hash[..16])
            + (delivery.MessageId is null or "" && delivery.SentAt is { } sent
            ? "-" + sent.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) : "");
    }
}
