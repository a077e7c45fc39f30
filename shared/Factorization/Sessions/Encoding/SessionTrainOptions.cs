namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>How to train; nothing here changes the result.</summary>
public sealed record SessionTrainOptions
{
    /// <summary>Default: one per core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Called on the training thread after each epoch.</summary>
    public Action<SessionTrainProgress>? Progress { get; init; }

    /// <summary>
    /// Continues a run of the same sessions and settings after its last complete epoch; the result is that of a run without a break.
    /// </summary>
    public SessionEncoderCheckpoint? Resume { get; init; }
}
