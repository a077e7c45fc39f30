namespace Recommender.Trainer.Control;

/// <summary>Requests the release of a model from one of the Trainers. Answered by <see cref="ReleaseEnded"/>.</summary>
public sealed record RequestRelease
{
    public required long Version { get; init; }
}
