using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Recommender.Contracts;

namespace Recommender.Client;

/// <summary>
/// Sends batches to the public API. If the server is unreachable or asks to wait (429, 503), the same batch is sent again, which is
/// harmless because of its ids. Requests that can never succeed (no key, wrong address) fail at once.
/// </summary>
/// <param name="patience">Maximum time from the first failure of a batch to its last attempt.</param>
/// <param name="note">Called with one line when a wait begins.</param>
public sealed class ApiSender(HttpClient client, TimeSpan patience, Action<string> note)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(5);
    private int _waiting;

    /// <exception cref="ClientException">Retries have taken too long, or would be useless.</exception>
    public Task<SendResult> PostEventsAsync(IReadOnlyList<Interaction> events, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "v1/events", events, ContractsJson.Default.InteractionArray, e => e.EventId ?? "", cancellationToken);

    /// <inheritdoc cref="PostEventsAsync"/>
    public Task<SendResult> PostItemsAsync(IReadOnlyList<Item> items, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "v1/items", items, ContractsJson.Default.ItemArray, i => i.ItemId ?? "", cancellationToken);

    /// <summary>Sends elements as one JSON array; a body over the limit is sent in halves.</summary>
    /// <param name="path">Path below the base address, without a leading slash.</param>
    /// <param name="id">The id of an element, for <see cref="Rejection.Id"/>.</param>
    /// <exception cref="ClientException">Retries have taken too long, or would be useless.</exception>
    public async Task<SendResult> SendAsync<T>(
        HttpMethod method,
        string path,
        IReadOnlyList<T> elements,
        JsonTypeInfo<T[]> json,
        Func<T, string> id,
        CancellationToken cancellationToken)
    {
        if (elements.Count == 0) return SendResult.None;
        byte[] body = JsonSerializer.SerializeToUtf8Bytes([.. elements], json);
        if (body.Length > Limits.BodyBytes && elements.Count > 1) return await HalveAsync();
        var outage = new Outage(patience);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                HttpResponseMessage response;
                try
                {
                    using var content = new ByteArrayContent(body)
                    {
                        Headers =
                        { ContentType = new MediaTypeHeaderValue("application/json") }
                    };
                    using var request = new HttpRequestMessage(method, path) { Content = content };
                    response = await client.SendAsync(request, cancellationToken);
                }
                catch (Exception e) when (e is HttpRequestException or IOException
                    || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    await WaitAsync(outage, null, e is TaskCanceledException ? "no answer in time" : Innermost(e), cancellationToken);
                    continue;
                }

                using (response)
                {
                    switch (response.StatusCode)
                    {
                        case HttpStatusCode.OK or HttpStatusCode.Accepted:
                            var answer = await ReadAsync(response, cancellationToken);
                            if (answer is null)
                                throw new ClientException($"{Address(path)} answered {(int)response.StatusCode}, but not as a "
                                    + $"Recommender does; is --to right?");
                            return new SendResult(answer.Accepted, elements.Count - answer.Accepted, Name(answer.Rejected, elements, id));
                        case HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                            await WaitAsync(outage, RetryAfter(response), await ProblemText.ReadAsync(response, cancellationToken),
                                cancellationToken);
                            continue;
                        case HttpStatusCode.RequestEntityTooLarge when elements.Count > 1:
                            return await HalveAsync();
                        case HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity:
                            return await RefusedAsync(response, elements, id, cancellationToken);
                        case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                            throw new ClientException($"{Address(path)} refuses the request: "
                                + $"{await ProblemText.ReadAsync(response, cancellationToken)}. Give a key with the scope 'ingest' by "
                                + $"--key or "
                                + $"RECOMMENDER_KEY.");
                        default:
                            throw new ClientException($"{Address(path)} answered {await ProblemText.ReadAsync(response, cancellationToken)}; is "
                                + $"--to the address of Ingest?");
                    }
                }
            }
        }
        finally
        {
            if (outage.Noted) Interlocked.Decrement(ref _waiting);
        }

        async Task<SendResult> HalveAsync()
        {
            int half = elements.Count / 2;
            var first = await SendAsync(method, path, elements.Take(half).ToArray(), json, id, cancellationToken);
            return first.Add(await SendAsync(method, path, elements.Skip(half).ToArray(), json, id, cancellationToken));
        }
    }

    private async Task WaitAsync(Outage outage, TimeSpan? asked, string reason, CancellationToken cancellationToken)
    {
        if (outage.Next(asked) is not { } pause)
        {
            throw new ClientException(asked > patience
                ? $"{client.BaseAddress} asks to wait {asked.Value.TotalSeconds:0} s ({reason}), longer than --patience-seconds "
                    + $"{patience.TotalSeconds:0}."
                : $"{client.BaseAddress} could not be reached for {patience.TotalSeconds:0} s: {reason}.");
        }

        // Several batches wait at once in an outage; one line is enough.
        if (!outage.Noted)
        {
            outage.Noted = true;
            if (Interlocked.Increment(ref _waiting) == 1)
                note($"Waiting for {client.BaseAddress} (at most {patience.TotalSeconds:0} s): {reason}");
        }

        await Task.Delay(pause, cancellationToken);
    }

    private Uri Address(string path) => new(client.BaseAddress!, path);

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static async Task<AcceptedResponse?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellationToken),
                ContractsJson.Default.AcceptedResponse);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The result if no element was accepted: the reason of each element, or one reason for all.</summary>
    private static async Task<SendResult> RefusedAsync<T>(HttpResponseMessage response, IReadOnlyList<T> elements, Func<T, string> id,
        CancellationToken cancellationToken)
    {
        byte[] content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.TryGetProperty("rejected", out var list) && list.ValueKind == JsonValueKind.Array)
            {
                var rejected = list.EnumerateArray().Select(r =>
                    new RejectedElement(r.GetProperty("index").GetInt32(), r.GetProperty("field").GetString()
                    ?? "", r.GetProperty("error").GetString() ?? ""));
                return new SendResult(0, elements.Count, Name(rejected, elements, id));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not an answer of the product; it is shown unchanged.
        }

        return new SendResult(0, elements.Count,
            [new Rejection(id(elements[0]),
                "", $"{await ProblemText.ReadAsync(response, cancellationToken)} (all {elements.Count} of the batch)")]);
    }

    private static Rejection[] Name<T>(IEnumerable<RejectedElement> rejected, IReadOnlyList<T> elements, Func<T, string> id) =>
        rejected.Select(r => new Rejection(r.Index >= 0 && r.Index < elements.Count ? id(elements[r.Index])
        : $"#{r.Index}", r.Field, r.Error)).ToArray();

    private static string Innermost(Exception e) => e.GetBaseException().Message.TrimEnd('.');

    /// <summary>The pauses of one batch: as long as the server requests, else growing; null when the next would go beyond the
    /// patience.</summary>
    private sealed class Outage(TimeSpan patience)
    {
        private long? _since;
        private TimeSpan _next = s_firstPause;

        public bool Noted { get; set; }

        public TimeSpan? Next(TimeSpan? asked)
        {
            _since ??= Environment.TickCount64;
            var left = patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - _since.Value);
            if (left <= TimeSpan.Zero || asked > left) return null;
            if (asked is { } wait) return wait > s_firstPause ? wait : s_firstPause;

            // With jitter, so that batches do not all return at the same time after an outage.
            var pause = _next * (0.75 + 0.5 * Random.Shared.NextDouble());
            _next = _next * 2 < s_longestPause ? _next * 2 : s_longestPause;
            return pause < left ? pause : left;
        }
    }
}
