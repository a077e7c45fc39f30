namespace Recommender.Factorization.Judging;

public sealed record EvaluationOptions
{
    /// <summary>Length of the lists, 1..1000.</summary>
    public int K { get; init; } = 20;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Number of bootstrap samples for the confidence intervals; 0 for no intervals.</summary>
    public int BootstrapSamples { get; init; } = 300;

    public int Seed { get; init; } = 1;
}
