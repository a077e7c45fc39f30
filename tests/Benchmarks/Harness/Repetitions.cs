using System.Text.Json;
using System.Text.Json.Nodes;

namespace Recommender.Benchmarks.Harness;

/// <summary>One result out of the figures of several repetitions.</summary>
internal static class Repetitions
{
    /// <summary>Settings that a search found. Medians of them would be settings that nobody ran.</summary>
    private const string Settings = "settings";

    /// <summary>The figures of the last repetition, with every number that all repetitions have replaced by its median.</summary>
    public static JsonObject Median(IReadOnlyList<JsonObject> runs)
    {
        var result = (JsonObject)runs[^1].DeepClone();
        foreach (var (path, numbers) in Numbers(runs))
        {
            var median = numbers.OrderBy(number => number.GetValue<double>()).ElementAt(Spread.MedianIndex(numbers.Count));
            JsonObject parent = result;
            foreach (string name in path[..^1]) parent = (JsonObject)parent[name]!;
            parent[path[^1]] = median.DeepClone();
        }

        return result;
    }

    /// <summary>Of every number that all repetitions have, by its path (<c>stages.stored.p50Ms</c>).</summary>
    public static Dictionary<string, Spread> Spreads(IReadOnlyList<JsonObject> runs) =>
        Numbers(runs).ToDictionary(n => string.Join('.', n.Path), n =>
            Spread.Of("repetitions", [.. n.Values.Select(v => v.GetValue<double>())]));

    private static IEnumerable<(string[] Path, List<JsonNode> Values)> Numbers(IReadOnlyList<JsonObject> runs)
    {
        foreach (string[] path in Paths(runs[^1], []))
        {
            var values = runs.Select(run => path.Aggregate((JsonNode?)run, (node, name) => (node as JsonObject)?[name])).OfType<JsonNode>()
                .Where(node => node.GetValueKind() == JsonValueKind.Number).ToList();
            if (values.Count == runs.Count) yield return (path, values);
        }
    }

    private static IEnumerable<string[]> Paths(JsonObject figures, string[] parents)
    {
        foreach (var (name, value) in figures)
        {
            if (name == Settings) continue;
            string[] path = [.. parents, name];
            if (value is JsonObject inner) foreach (string[] below in Paths(inner, path)) yield return below;
            else if (value?.GetValueKind() == JsonValueKind.Number) yield return path;
        }
    }
}
