namespace Recommender.Trainer.Control;

/// <summary>Result of a release.</summary>
public sealed record ReleaseEnded
{
    public required ReleaseOutcome Outcome { get; init; }

    /// <summary>The problem of an unavailable server; null without one.</summary>
    public string? Problem { get; init; }
}
