namespace Recommender.Messaging;

/// <summary>Settings of <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    /// <summary>How long a publish waits for the broker's confirm before it counts as failed.</summary>
    public double PublishTimeoutSeconds { get; set; } = 10;

    /// <summary>Messages the broker sends ahead of acknowledgement, per consumer.</summary>
    public int PrefetchMessages { get; set; } = 200;

    /// <summary>
    /// How often a message may come back because its consumer died before the broker gives it up as a dead letter. High: a killed
    /// process returns everything it had prefetched, and that must never cost an event.
    /// </summary>
    public int DeliveryLimit { get; set; } = 1000;

    /// <summary>Longest pause between two attempts to reach a server, or to handle a batch whose handler fails.</summary>
    public double MaxRetryDelaySeconds { get; set; } = 5;

    internal TimeSpan PublishTimeout => TimeSpan.FromSeconds(PublishTimeoutSeconds);

    internal TimeSpan MaxRetryDelay => TimeSpan.FromSeconds(MaxRetryDelaySeconds);

    internal void Validate()
    {
        if (PublishTimeoutSeconds is not (>= 0.1 and <= 600))
            throw new InvalidOperationException("Setting Messaging:PublishTimeoutSeconds has to be between 0.1 and 600.");
        if (PrefetchMessages is < 1 or > 65_535)
            throw new InvalidOperationException("Setting Messaging:PrefetchMessages has to be between 1 and 65535.");
        if (DeliveryLimit < 1) throw new InvalidOperationException("Setting Messaging:DeliveryLimit has to be 1 or more.");
        if (MaxRetryDelaySeconds is not (>= 0.05 and <= 600))
            throw new InvalidOperationException("Setting Messaging:MaxRetryDelaySeconds has to be between 0.05 and 600.");
    }
}
