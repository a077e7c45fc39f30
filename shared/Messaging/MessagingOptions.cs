using System.ComponentModel.DataAnnotations;

namespace Recommender.Messaging;

/// <summary>Configuration section <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    public const string Section = "Messaging";

    /// <summary>Maximum time a publish waits for the broker's confirm, in seconds.</summary>
    [Range(0.1, 600.0)]
    public double PublishTimeoutSeconds { get; set; } = 10;

    /// <summary>Maximum number of unacknowledged messages per consumer.</summary>
    [Range(1, 65_535)]
    public int PrefetchMessages { get; set; } = 200;

    /// <summary>
    /// Number of redeliveries after which the broker makes a message a dead letter. High, because a killed process returns all prefetched
    /// messages, and none of them may be lost.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int DeliveryLimit { get; set; } = 1000;

    /// <summary>Maximum pause in seconds between attempts to reach a server or to handle a batch.</summary>
    [Range(0.05, 600.0)]
    public double MaxRetryDelaySeconds { get; set; } = 5;

    internal TimeSpan PublishTimeout => TimeSpan.FromSeconds(PublishTimeoutSeconds);

    internal TimeSpan MaxRetryDelay => TimeSpan.FromSeconds(MaxRetryDelaySeconds);
}
