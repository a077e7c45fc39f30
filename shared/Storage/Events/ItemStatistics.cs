using System.Text.Json.Serialization;

namespace Recommender.Storage.Events;

/// <param name="Users">Users who count: those with a positive preference for the item. Exact.</param>
/// <param name="Popularity">
/// Base-2 logarithm of the sum over these users of 2^((t − epoch) / half-life), t the time of the user's newest positive event on the item;
/// comparable at any time. −∞ when there is none.
/// </param>
/// <param name="Trend">The same with the shorter half-life of trends.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] // The statistics of an item without users are negative infinity.
public readonly record struct ItemStatistics(int ItemKey, string ItemId, long Users, double Popularity, double Trend);
