using System.ComponentModel.DataAnnotations;

namespace Recommender.Messaging;

/// <summary>Configuration section <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    public const string Section = "Messaging";

    /// <summary>How long a publish waits for the broker's confirm before it counts as failed.</summary>
    [Range(0.1, 600.0)]
    public double PublishTimeoutSeconds { get; set; } = 10;

    /// <summary>Messages the broker sends ahead of acknowledgement, per consumer.</summary>
    [Range(1, 65_535)]
    public int PrefetchMessages { get; set; } = 200;

    /// <summary>
    /// How often a message may come back because its consumer died before the broker gives it up as a dead letter. High: a killed
    /// process returns everything it had prefetched, and that must never cost an event.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int DeliveryLimit { get; set; } = 1000;

    /// <summary>Longest pause between two attempts to reach a server, or to handle a batch whose handler fails.</summary>
    [Range(0.05, 600.0)]
    public double MaxRetryDelaySeconds { get; set; } = 5;

    internal TimeSpan PublishTimeout => TimeSpan.FromSeconds(PublishTimeoutSeconds);

    internal TimeSpan MaxRetryDelay => TimeSpan.FromSeconds(MaxRetryDelaySeconds);
}
