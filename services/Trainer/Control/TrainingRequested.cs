namespace Recommender.Trainer.Control;

/// <summary>A Trainer has noted the request.</summary>
public sealed record TrainingRequested
{
    /// <summary>False while a training is running: another one follows it.</summary>
    public required bool StartsNow { get; init; }
}
