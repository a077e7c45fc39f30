namespace Recommender.FactorStore.Users;

/// <summary>
/// Times of seen items in 24 bits: units of 5 minutes since 2000, up to the year 2159. An event has the time of the end of its 5 minutes,
/// so that a period counted from it never ends early. Earlier and later times become the first and the last that there is.
/// </summary>
public static class SeenTime
{
    public const int UnitSeconds = 300;

    internal const uint Last = 0xFF_FFFF;

    private const long EpochSeconds = 946_684_800; // 2000-01-01T00:00:00Z

    /// <param name="seconds">Since 1970, rounded down.</param>
    public static uint FromSeconds(long seconds) =>
        (uint)Math.Clamp(Math.DivRem(seconds - EpochSeconds, UnitSeconds, out long rest) + (rest < 0 ? 0 : 1), 0, Last);

    /// <returns>Seconds since 1970.</returns>
    public static long ToSeconds(uint time) => EpochSeconds + ((long)time * UnitSeconds);
}
