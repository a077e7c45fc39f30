namespace Recommender.Trainer.Erasing;

/// <summary>The due time of an erasure has come: its saga tries the next step, or repeats the last one.</summary>
public sealed record ErasureDue
{
    public required string ErasureId { get; init; }
}
