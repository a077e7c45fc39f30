namespace Recommender.Factorization.Sessions.Pairs;

/// <summary>Settings of <see cref="SessionPairs"/>.</summary>
public sealed record SessionPairSettings
{
    /// <summary>Events without a session id that are further apart than this belong to different sessions, in milliseconds, 0 or
    /// more.</summary>
    public long GapMs { get; init; } = 30 * 60_000;

    /// <summary>An event is paired with at most this many events before it, 1..100.</summary>
    public int Window { get; init; } = 10;

    /// <summary>q: events d places apart count d^−q, 0..4.</summary>
    public double DistancePower { get; init; } = 1;

    /// <summary>Weight of "came before" in relation to "came after", 0..1.</summary>
    public double Backward { get; init; } = 0.5;

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(GapMs >= 0, nameof(GapMs), GapMs, "0 or more");
        Require(Window is >= 1 and <= 100, nameof(Window), Window, "in 1..100");
        Require(DistancePower is >= 0 and <= 4, nameof(DistancePower), DistancePower, "in 0..4");
        Require(Backward is >= 0 and <= 1, nameof(Backward), Backward, "in 0..1");
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
