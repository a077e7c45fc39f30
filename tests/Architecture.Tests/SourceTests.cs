using System.Text.RegularExpressions;
using Recommender.TestKit;

namespace Recommender.Architecture.Tests;

/// <summary>Rules of the source files that no analyzer checks.</summary>
public sealed partial class SourceTests
{
    private const int MaxColumns = 140;

    /// <summary>Of C# files: path below the root, and lines.</summary>
    private static IEnumerable<(string Path, string[] Lines)> Sources() =>
        from folder in new[] { "services", "shared", "AppHost", "infra", "tests" }
        from file in Directory.EnumerateFiles(Path.Combine(DataSets.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(DataSets.RepositoryRoot, file).Replace('\\', '/')
        where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
        select (path, File.ReadAllLines(file));

    /// <summary>A text that crosses the ruler may stay whole: a message, a query, a body.</summary>
    [Fact]
    public void Lines_have_at_most_140_columns_unless_a_text_crosses_them()
    {
        var tooLong = new List<string>();
        foreach (var (path, lines) in Sources())
        {
            bool isRaw = false;
            foreach (var (index, line) in lines.Index())
            {
                bool startsRaw = isRaw;
                if (RawQuotes().Count(line) % 2 == 1) isRaw = !isRaw;
                bool isText = startsRaw || isRaw || line.Contains("\"\"\"", StringComparison.Ordinal);
                if (line.Length > MaxColumns && !isText && QuotesBefore(line, MaxColumns - 10) % 2 == 0) tooLong.Add($"{path}:{index + 1}");
            }
        }
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Namespaces_follow_project_and_folder()
    {
        var wrong = new List<string>();
        foreach (var (path, lines) in Sources())
        {
            var stated = lines.Select(line => NamespaceLine().Match(line)).FirstOrDefault(match => match.Success);
            if (stated is null) continue;
            var (project, root) = ProjectOf(path);
            string folder = Path.GetDirectoryName(path)!.Replace('\\', '/')[project.Length..].Trim('/').Replace('/', '.');
            string expected = folder.Length == 0 ? root : $"{root}.{folder}";
            if (stated.Groups["name"].Value != expected) wrong.Add($"{path} states {stated.Groups["name"].Value}; {expected} is expected");
        }
        Assert.Empty(wrong);
    }

    /// <summary>Folder of the project that holds the file, and its root namespace.</summary>
    private static (string Folder, string Root) ProjectOf(string path)
    {
        for (string? at = Path.GetDirectoryName(path); !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
        {
            string full = Path.Combine(DataSets.RepositoryRoot, at);
            if (Directory.EnumerateFiles(full, "*.csproj").FirstOrDefault() is not { } project) continue;
            var stated = RootNamespace().Match(File.ReadAllText(project));
            return (at.Replace('\\', '/'), stated.Success ? stated.Groups["name"].Value
                : "Recommender." + Path.GetFileNameWithoutExtension(project));
        }
        throw new InvalidOperationException($"{path} belongs to no project.");
    }

    private static int QuotesBefore(string line, int column) => Quotes().Count(line.AsSpan(0, column));

    [GeneratedRegex("\"\"\"")]
    private static partial Regex RawQuotes();

    [GeneratedRegex(@"(?<!\\)""")]
    private static partial Regex Quotes();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);")]
    private static partial Regex NamespaceLine();

    [GeneratedRegex("<RootNamespace>(?<name>[^<]+)<")]
    private static partial Regex RootNamespace();
}
