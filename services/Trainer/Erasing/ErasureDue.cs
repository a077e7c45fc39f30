namespace Recommender.Trainer.Erasing;

/// <summary>An erasure is due: its saga tries the next step, or repeats the last one.</summary>
public sealed record ErasureDue
{
    public required string ErasureId { get; init; }
}
