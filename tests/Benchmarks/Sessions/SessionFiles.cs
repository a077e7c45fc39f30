using System.Globalization;
using System.IO.Compression;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Benchmarks.Sessions;

/// <summary>Reads sessions and sequences of item ids; indices are given in the order in which ids appear.</summary>
internal sealed class SessionFiles
{
    private readonly Dictionary<string, int> _indexOf = [];

    /// <summary>Sessions of <c>train_sessions.txt</c> and cases of <c>test_pairs.txt</c>, either with <c>.gz</c>.</summary>
    public static (SessionData Train, NextItemCase[] Test) ReadSessions(string folder)
    {
        var files = new SessionFiles();
        var sessions = ReadLines(folder, "train_sessions.txt").Select(
            line => files.IndexItems(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        var test = ReadLines(folder, "test_pairs.txt").Select((line, n) =>
        {
            var parts = line.Split('\t');
            if (parts.Length != 2)
                throw new InvalidDataException($"Line {n + 1} of test_pairs.txt must be a session prefix, a tab and the next item.");
            return new NextItemCase(
                files.IndexItems(parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)), files.IndexItems([parts[1].Trim()])[0]);
        }).ToArray();
        return (SessionData.Build(files._indexOf.Count, sessions), test);
    }

    /// <summary>One user per line of <c>sequences.txt</c> or <c>.gz</c>: the user, then items, oldest first.</summary>
    public static (int ItemCount, int[][] Sequences) ReadSequences(string folder)
    {
        var files = new SessionFiles();
        var sequences = ReadLines(folder, "sequences.txt").Select(
            line => files.IndexItems(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).AsSpan(1))).ToArray();
        return (files._indexOf.Count, sequences);
    }

    private int[] IndexItems(ReadOnlySpan<string> ids)
    {
        var items = new int[ids.Length];
        for (int n = 0; n < ids.Length; n++)
        {
            if (!_indexOf.TryGetValue(ids[n], out items[n])) _indexOf.Add(ids[n], items[n] = _indexOf.Count);
        }

        return items;
    }

    private static IEnumerable<string> ReadLines(string folder, string name)
    {
        string plain = Path.Combine(folder, name), packed = plain + ".gz";
        if (!File.Exists(plain) && !File.Exists(packed))
            throw new FileNotFoundException(
                string.Create(CultureInfo.InvariantCulture, $"{plain}[.gz] is missing; --data must name a folder with it."));
        using var reader = new StreamReader(
            File.Exists(plain) ? File.OpenRead(plain) : new GZipStream(File.OpenRead(packed), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            if (line.Length > 0) yield return line;
    }
}
