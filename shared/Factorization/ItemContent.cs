using System.Globalization;
using System.Text;

namespace Recommender.Factorization;

/// <summary>What is known of one item besides its events.</summary>
public sealed record ItemText
{
    public string? Title { get; init; }

    /// <summary>Categories, tags, brands …: each counts as a whole.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Named numbers: price, year …; turned into coarse steps of their logarithm.</summary>
    public IReadOnlyList<(string Name, double Value)> Numbers { get; init; } = [];

    /// <summary>The caller's own embedding; null where there is none.</summary>
    public IReadOnlyList<float>? Vector { get; init; }
}

/// <summary>
/// Items as sparse features: words and character 3- to 5-grams of the title, labels, steps of numbers, components of the vector. Each kind has
/// length 1 per item, rare features weigh more (inverse document frequency), and the whole has length 1.
/// </summary>
public sealed class ItemContent
{
    private ItemContent(long[] starts, int[] features, float[] values, int featureCount) =>
        (Starts, Features, Values, FeatureCount) = (starts, features, values, featureCount);

    internal long[] Starts { get; }

    internal int[] Features { get; }

    internal float[] Values { get; }

    /// <summary>Feature 0 is the constant that every item with content has.</summary>
    internal int FeatureCount { get; }

    public int ItemCount => Starts.Length - 1;

    internal bool Has(int item) => Starts[item + 1] > Starts[item];

    /// <param name="items">By index; null where nothing is known.</param>
    public static ItemContent Build(IReadOnlyList<ItemText?> items)
    {
        var raw = items.Select(i => i is null ? [] : Raw(i)).ToList();
        var documents = new Dictionary<string, int>();
        foreach (var (feature, _) in raw.SelectMany(kinds => kinds).SelectMany(k => k)) documents[feature] = documents.GetValueOrDefault(feature) + 1;
        // A feature of a single item teaches nothing about others.
        var index = documents.Where(d => d.Value > 1).OrderBy(d => d.Key, StringComparer.Ordinal).Select((d, n) => (d.Key, n + 1)).ToDictionary(p => p.Key, p => p.Item2);
        var starts = new long[items.Count + 1];
        var features = new List<int>();
        var values = new List<float>();
        for (int i = 0; i < items.Count; i++)
        {
            var row = new List<(int Feature, double Value)>();
            foreach (var kind in raw[i])
            {
                var known = kind.Where(k => index.ContainsKey(k.Feature))
                    .Select(k => (Feature: index[k.Feature], Value: k.Value * Math.Log(1 + (double)items.Count / documents[k.Feature]))).ToList();
                double length = Math.Sqrt(known.Sum(k => k.Value * k.Value));
                if (length > 0) row.AddRange(known.Select(k => (k.Feature, k.Value / length)));
            }

            if (items[i] is not null)
            {
                double length = Math.Sqrt(row.Sum(r => r.Value * r.Value));
                features.Add(0);
                values.Add(.3f);
                foreach (var (feature, value) in row.OrderBy(r => r.Feature))
                {
                    features.Add(feature);
                    values.Add((float)(value / length));
                }
            }

            starts[i + 1] = features.Count;
        }

        return new ItemContent(starts, [.. features], [.. values], index.Count + 1);
    }

    private static List<List<(string Feature, double Value)>> Raw(ItemText item)
    {
        var words = new Dictionary<string, double>();
        var grams = new Dictionary<string, double>();
        foreach (string word in Words(item.Title ?? ""))
        {
            words["w:" + word] = 1;
            string marked = $"<{word}>";
            for (int n = 3; n <= 5; n++)
                for (int at = 0; at + n <= marked.Length; at++) grams[$"g:{marked.AsSpan(at, n)}"] = 1;
        }

        List<(string, double)> labels = [.. item.Labels.Select(label => "l:" + label.Trim().ToLowerInvariant()).Distinct().Select(label => (label, 1.0))];
        List<(string, double)> numbers = [.. item.Numbers.Where(n => double.IsFinite(n.Value)).Select(n => (NumberStep(n.Name, n.Value), 1.0)).Distinct()];
        List<List<(string, double)>> kinds = [Sorted(words), Sorted(grams), labels, numbers];
        if (item.Vector is { } vector) kinds.Add([.. vector.Select((v, k) => ($"v:{k}", (double)v)).Where(p => double.IsFinite(p.Item2) && p.Item2 != 0)]);
        return kinds;
    }

    private static string NumberStep(string name, double value) =>
        string.Create(CultureInfo.InvariantCulture, $"n:{name}:{Math.Sign(value)}:{Math.Round(2 * Math.Log2(1 + Math.Abs(value)))}");

    private static List<(string, double)> Sorted(Dictionary<string, double> features) =>
        [.. features.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (f.Key, f.Value))];

    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (char c in text.Normalize().ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(c)) word.Append(c);
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        if (word.Length > 0) yield return word.ToString();
    }
}
