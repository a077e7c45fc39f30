namespace Recommender.FactorStore.Users;

/// <summary>
/// Times of seen items in 24 bits: units of 5 minutes since 2000, up to the year 2159. Times are rounded up, so that a period from an event
/// never ends early. Other times are clamped to the first and last.
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
