namespace Recommender.Trainer.Status;

/// <param name="Oldest">When the oldest message of the batch was sent.</param>
public sealed record BatchInProgress(DateTimeOffset Oldest, bool IsStored);
