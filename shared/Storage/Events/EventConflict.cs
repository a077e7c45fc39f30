namespace Recommender.Storage.Events;

/// <param name="Index">Position in the batch.</param>
/// <param name="Field">The first field that differs from the event with the same id.</param>
public readonly record struct EventConflict(int Index, string Field);
