using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>
/// A producer as the README asks for one: it sends each event with an id and repeats it until it is answered 202. Some batches go twice,
/// some are
/// held back, and times are out of order. Everything it does follows from the seed but the timing.
/// </summary>
internal sealed class Producer(Uri address, int seed)
{
    public const int Users = 40, Items = 48;

    /// <summary>No log may hold this above debug level.</summary>
    public const string PersonalPrefix = "personal-id-";

    private const int Workers = 3;
    private static readonly DateTimeOffset s_start =
        DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddDays(-3).ToUnixTimeSeconds());
    private readonly ConcurrentDictionary<string, Event> _accepted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<HttpStatusCode, int> _answers = new();
    private int _number;

    public sealed record Event(string EventId, string UserId, string ItemId, string Type, DateTimeOffset OccurredAt);

    /// <summary>Every event answered 202, in the order of their times.</summary>
    public IReadOnlyList<Event> Accepted => [.. _accepted.Values.OrderBy(e => e.OccurredAt)];

    public int Count => _accepted.Count;

    /// <summary>How often each status was answered.</summary>
    public IReadOnlyDictionary<HttpStatusCode, int> Answers => _answers;

    public static IEnumerable<string> UserIds => Enumerable.Range(0, Users).Select(n => $"{PersonalPrefix}{n}");

    /// <summary>Sends until asked to stop, and then what it has begun.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, Workers)
        .Select(worker => Task.Run(() => WorkAsync(new Random(seed + worker), stop), CancellationToken.None)));

    private async Task WorkAsync(Random random, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
        var held = new Queue<Event[]>();
        while (!stop.IsCancellationRequested)
        {
            var batch = Next(random);
            if (random.Next(4) == 0)
            {
                held.Enqueue(batch);
                if (held.Count < 3) continue;
                batch = held.Dequeue();
            }

            await SendAsync(client, batch);
            if (random.Next(10) == 0) await SendAsync(client, [.. batch.Reverse()]);
            await Task.Delay(15, CancellationToken.None);
        }

        foreach (var batch in held) await SendAsync(client, batch);
    }

    /// <summary>Times differ by seconds, so the order of events does not depend on how they come.</summary>
    private Event[] Next(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(1, 9)).Select(_ =>
        {
            int n = Interlocked.Increment(ref _number), user = random.Next(Users);
            // Two circles of taste, so that there is something to learn.
            int circle = random.Next(8) == 0 ? random.Next(2) : user % 2, item = circle * (Items / 2) + random.Next(Items / 2);
            return new Event($"e-{seed}-{n}", $"{PersonalPrefix}{user}", $"item-{item}", "view", s_start.AddSeconds(n));
        }),
    ];

    private async Task SendAsync(HttpClient client, Event[] batch)
    {
        var deadline = DateTimeOffset.UtcNow.AddMinutes(2);
        string body = JsonSerializer.Serialize(batch, JsonSerializerOptions.Web);
        while (true)
        {
            try
            {
                using var response = await client.PostAsync("v1/events", new StringContent(body, Encoding.UTF8, "application/json"));
                _answers.AddOrUpdate(response.StatusCode, 1, (_, n) => n + 1);
                if (response.StatusCode == HttpStatusCode.Accepted)
                {
                    var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
                    Assert.Equal(batch.Length, answer.GetProperty("accepted").GetInt32());
                    foreach (var e in batch) _accepted[e.EventId] = e;
                    return;
                }

                // The answer asks the producer to retry, and never rejects its events.
                Assert.True(response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
                    or HttpStatusCode.BadGateway or HttpStatusCode.InsufficientStorage, $"answered {response.StatusCode}");
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException or JsonException)
            {
                // Not answered: it may have arrived, so it goes again with the same ids.
            }

            Assert.True(DateTimeOffset.UtcNow < deadline, "An event was not accepted for two minutes.");
            await Task.Delay(50);
        }
    }
}
