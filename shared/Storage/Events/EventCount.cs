namespace Recommender.Storage.Events;

public readonly record struct EventCount(int ItemKey, short TypeId, long Events);
