namespace Recommender.Trainer.Control;

/// <summary>A Trainer has accepted the request.</summary>
public sealed record TrainingRequested
{
    /// <summary>False if a training is running; another one then follows it.</summary>
    public required bool StartsNow { get; init; }
}
