namespace Recommender.Trainer.Control;

/// <summary>How a release ended.</summary>
public sealed record ReleaseEnded
{
    public required ReleaseOutcome Outcome { get; init; }

    /// <summary>What was wrong with the server; null unless one could not be reached.</summary>
    public string? Problem { get; init; }
}
