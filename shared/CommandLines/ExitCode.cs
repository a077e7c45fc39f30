namespace Recommender.CommandLines;

/// <summary>Exit codes beyond 0 (done) and 1 (failed).</summary>
public static class ExitCode
{
    /// <summary>The command line cannot be understood.</summary>
    public const int UsageError = 2;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
