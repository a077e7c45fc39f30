namespace Recommender.Factorization.Sessions.Pairs;

/// <summary>An event of a session. A session is ordered by (<see cref="OccurredAtMs"/>, <see cref="Sequence"/>).</summary>
/// <param name="Sequence">Unique; orders events of one time.</param>
/// <param name="Weight">What the event counts, finite and above 0.</param>
public readonly record struct SessionEvent(long OccurredAtMs, long Sequence, int Item, float Weight) : IComparable<SessionEvent>
{
    public int CompareTo(SessionEvent other) =>
        OccurredAtMs != other.OccurredAtMs ? OccurredAtMs.CompareTo(other.OccurredAtMs) : Sequence.CompareTo(other.Sequence);

    public static bool operator <(SessionEvent left, SessionEvent right) => left.CompareTo(right) < 0;

    public static bool operator >(SessionEvent left, SessionEvent right) => left.CompareTo(right) > 0;

    public static bool operator <=(SessionEvent left, SessionEvent right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SessionEvent left, SessionEvent right) => left.CompareTo(right) >= 0;
}
