using System.Globalization;

namespace Recommender.LocalServers;

/// <summary>A process by number and start time, since numbers are given again.</summary>
/// <param name="Started">Clock ticks since the machine started.</param>
public readonly record struct ProcessId(int Pid, long Started)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {Started}");

    public static ProcessId? Parse(string text) =>
        text.Split(' ') is [var pid, var started]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
            ? new ProcessId(number, ticks)
            : null;
}
