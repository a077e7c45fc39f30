using System.Text.Json.Serialization;

namespace Recommender.Storage.Events;

/// <param name="Users">Exact number of users with a positive preference for the item.</param>
/// <param name="Popularity">Base-2 logarithm of the sum over these users of 2^((t − epoch) / half-life), with t the time of the user's
/// newest positive event on the item. Values are comparable at any time. −∞ without such users.</param>
/// <param name="Trend">The same with the shorter half-life of trends.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] // The statistics of an item without users are negative infinity.
public readonly record struct ItemStatistics(int ItemKey, string ItemId, long Users, double Popularity, double Trend);
