using System.IO.Compression;
using Recommender.Factorization;

namespace Recommender.Benchmarks;

/// <summary>Public data sets in their usual files.</summary>
internal static class LearningData
{
    /// <summary>The folder of public data sets: <c>RECOMMENDER_DATA</c>, or <c>../shared/data</c> beside the repository. Null when absent.</summary>
    public static string? Root()
    {
        if (Environment.GetEnvironmentVariable("RECOMMENDER_DATA") is { Length: > 0 } configured) return Directory.Exists(configured) ? configured : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "data");
            if (Directory.Exists(candidate)) return candidate;
        }

        return null;
    }

    public static bool HasFixedSplit(string folder) => Find(folder, "train.txt") is not null && Find(folder, "test.txt") is not null;

    /// <summary><c>train.txt[.gz]</c> and <c>test.txt[.gz]</c>: per line a user and their items.</summary>
    public static Split ReadFixedSplit(string folder)
    {
        var train = ReadLists(Find(folder, "train.txt") ?? throw new FileNotFoundException($"{folder} has no train.txt or train.txt.gz."));
        var test = ReadLists(Find(folder, "test.txt") ?? throw new FileNotFoundException($"{folder} has no test.txt or test.txt.gz."));
        int users = train.Concat(test).Max(e => e.User) + 1, items = train.Concat(test).Max(e => e.Item) + 1;
        return Splits.Make(users, items, train, test);
    }

    public static StreamReader Open(string path)
    {
        Stream file = File.OpenRead(path);
        return new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    public static string? Find(string folder, string name) =>
        new[] { name, name + ".gz" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);

    private static List<Entry> ReadLists(string path)
    {
        var entries = new List<Entry>();
        using var reader = Open(path);
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (int p = 1; p < parts.Length; p++)
            {
                if (!int.TryParse(parts[0], out int user) || !int.TryParse(parts[p], out int item)) throw new InvalidDataException($"{path}, line {number}: '{parts[p]}' is not an index.");
                entries.Add(new Entry(user, item));
            }
        }

        return entries;
    }
}
