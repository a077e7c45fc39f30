namespace Recommender.AppHost;

/// <summary>The terminal, shared by all processes: whole lines, each with the name of who wrote it.</summary>
internal static class Output
{
    // Readable on dark and on light ground.
    private static readonly string[] s_colours = ["36", "32", "33", "35", "34", "31", "96"];
    private static readonly bool s_coloured = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private static readonly List<string> s_names = [];
    private static readonly Lock s_gate = new();

    public static void Line(string name, string text)
    {
        lock (s_gate)
        {
            if (!s_names.Contains(name)) s_names.Add(name);
            string prefix = $"{name,-10}| ";
            if (s_coloured) prefix = $"\e[{s_colours[s_names.IndexOf(name) % s_colours.Length]}m{prefix}\e[0m";
            Console.Out.WriteLine(prefix + text);
        }
    }

    /// <summary>Messages of the host itself.</summary>
    public static void Say(string text)
    {
        lock (s_gate) Console.Out.WriteLine(text);
    }

    public static void Table(IReadOnlyList<(string Name, string Address, string Note)> rows)
    {
        int name = rows.Max(row => row.Name.Length), address = rows.Max(row => row.Address.Length);
        Say("");
        foreach (var row in rows) Say($"  {row.Name.PadRight(name)}  {row.Address.PadRight(address)}  {row.Note}".TrimEnd());
        Say("");
    }
}
