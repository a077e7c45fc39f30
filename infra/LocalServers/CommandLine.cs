namespace Recommender.LocalServers;

/// <summary>A program to start.</summary>
public sealed record CommandLine(string Program, IReadOnlyList<string> Arguments, string WorkingFolder)
{
    /// <summary>A command that takes the program as its last arguments, such as <c>setpriv --reuid=…</c>.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Added to this process's environment; null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}
