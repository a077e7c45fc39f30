using System.ComponentModel.DataAnnotations;
using Recommender.Contracts;

namespace Recommender.Ingest;

/// <summary>Configuration section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    public const string Section = "Ingest";

    /// <summary>Bytes of events waiting for the broker in this process; beyond it requests are refused with 503 and Retry-After.</summary>
    [Range(Limits.BodyBytes, int.MaxValue)]
    public int BacklogBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes of one message that holds the events of several requests.</summary>
    [Range(1024, Limits.BodyBytes)]
    public int GroupBytes { get; set; } = 256 * 1024;

    /// <summary>Messages of events that may wait for the Trainer; from there on requests are refused with 503 and Retry-After. 0: no limit
    /// but the broker's own.</summary>
    [Range(0, long.MaxValue)]
    public long QueueMessagesLimit { get; set; } = 1_000_000;

    /// <summary>How often the waiting messages are counted.</summary>
    [Range(0.01, 3600.0)]
    public double QueueCheckEverySeconds { get; set; } = 1;

    /// <summary>Readiness is degraded while a request has waited longer than this for the broker to accept it. 0: no alarm.</summary>
    [Range(0.0, 86_400.0)]
    public double AcceptedLagAlarmSeconds { get; set; } = 5;
}
