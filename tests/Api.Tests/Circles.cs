using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Api.Tests;

/// <summary>Two circles of users, each of whom has had most of their circle's items.</summary>
internal static class Circles
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Interaction[] s_events =
    [
        .. from n in Enumerable.Range(0, 8)
           from user in Enumerable.Range(0, 40)
           select new Interaction
           {
               EventId = $"{n}-{user}",
               UserId = $"user-{user}",
               ItemId = $"item-{user % 2}-{(user / 2 + n) % 12}",
               Type = "view",
               OccurredAt = s_start.AddMinutes(n * 100 + user),
           },
    ];

    public static int Count => s_events.Length;

    public static string Events => JsonSerializer.Serialize(s_events, ContractsJson.Default.InteractionArray);

    public static string Items => JsonSerializer.Serialize(
    [
        .. from circle in Enumerable.Range(0, 2)
           from n in Enumerable.Range(0, 12)
           select new Item { ItemId = $"item-{circle}-{n}", Title = $"Item {n}", Tags = [circle == 0 ? "even" : "odd"] },
    ], ContractsJson.Default.ItemArray);
}
