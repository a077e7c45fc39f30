using Recommender.Contracts;

namespace Recommender.Ingest;

/// <summary>Settings of <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>Bytes of events waiting for the broker in this process; beyond it requests are refused with 503 and Retry-After.</summary>
    public int BacklogBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes of one message that holds the events of several requests.</summary>
    public int GroupBytes { get; set; } = 256 * 1024;

    /// <summary>Messages of events that may wait for the Trainer; from there on requests are refused with 503 and Retry-After. 0: any
    /// number, until the broker itself is full.</summary>
    public long QueueMessagesLimit { get; set; } = 1_000_000;

    /// <summary>How often the messages that wait are counted.</summary>
    public double QueueCheckEverySeconds { get; set; } = 1;

    /// <summary>Readiness is degraded while a request has waited longer than this for the broker to accept it. 0: never.</summary>
    public double AcceptedLagAlarmSeconds { get; set; } = 5;

    internal void Validate()
    {
        if (BacklogBytes < Limits.BodyBytes)
            throw new InvalidOperationException($"Setting Ingest:BacklogBytes has to be {Limits.BodyBytes} or more, the size of one "
                + $"request.");
        if (QueueMessagesLimit < 0) throw new InvalidOperationException(
            "Setting Ingest:QueueMessagesLimit has to be 0 (any number) or more.");
        if (QueueCheckEverySeconds is not (>= 0.01 and <= 3600))
            throw new InvalidOperationException("Setting Ingest:QueueCheckEverySeconds has to be between 0.01 and 3600.");
        if (AcceptedLagAlarmSeconds is not (>= 0 and <= 86_400))
            throw new InvalidOperationException("Setting Ingest:AcceptedLagAlarmSeconds has to be between 0 and 86400.");
        if (GroupBytes is < 1024 or > Limits.BodyBytes)
            throw new InvalidOperationException($"Setting Ingest:GroupBytes has to be between 1024 and {Limits.BodyBytes}.");
    }
}
