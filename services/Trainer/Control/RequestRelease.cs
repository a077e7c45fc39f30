namespace Recommender.Trainer.Control;

/// <summary>Asks one of the Trainers to release a model. Answered by <see cref="ReleaseEnded"/>.</summary>
public sealed record RequestRelease
{
    public required long Version { get; init; }
}
