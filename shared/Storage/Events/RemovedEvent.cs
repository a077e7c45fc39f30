namespace Recommender.Storage.Events;

/// <summary>An event that has left the store.</summary>
internal readonly record struct RemovedEvent(int UserKey, int ItemKey);
