namespace Recommender.Factorization.Sessions;

/// <summary>How <see cref="SessionModelSearch"/> searches.</summary>
public sealed record SessionSearchOptions
{
    /// <summary>Length of the judged list, 1 or more.</summary>
    public int K { get; init; } = 20;

    /// <summary>Whether an item of the history may be the next one.</summary>
    public bool Repeats { get; init; } = true;

    /// <summary>
    /// Cases judged per trial of an encoder or of weights, evenly chosen; trials of rules and neighbours use half of them.
    /// </summary>
    public int MaxCases { get; init; } = 6000;

    /// <summary>Where the search starts.</summary>
    public SessionModelSettings Start { get; init; } = new();

    /// <summary>Epochs of a trial of the encoder; the chosen one is trained with the epochs of <see cref="Start"/>.</summary>
    public int TrialEpochs { get; init; } = 3;

    /// <summary>Default: one per core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Called with each trial.</summary>
    public Action<SessionTrial>? Progress { get; init; }
}
