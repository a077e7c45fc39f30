namespace Recommender.AppHost;

/// <summary>Pause before the restart of a process, which grows with repeated failures.</summary>
internal sealed class RestartPause
{
    private const int LongestSeconds = 30;
    private static readonly TimeSpan s_stayedUp = TimeSpan.FromMinutes(1);
    private int _seconds = 1;

    /// <param name="ranFor">How long the process ran since its last start.</param>
    public TimeSpan Next(TimeSpan ranFor)
    {
        if (ranFor > s_stayedUp) _seconds = 1;
        var pause = TimeSpan.FromSeconds(_seconds);
        _seconds = Math.Min(_seconds * 2, LongestSeconds);
        return pause;
    }
}
