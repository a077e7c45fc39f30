namespace Recommender.ServiceDefaults.Resilience;

/// <summary>Options of the pipeline of the same name (<see cref="PipelineNames"/>).</summary>
public sealed class RetryOptions
{
    /// <summary>The pause after the first failure, before jitter.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(5);
}
