namespace Recommender.Storage.Events;

/// <summary>An event removed from the store.</summary>
internal readonly record struct RemovedEvent(int UserKey, int ItemKey);
