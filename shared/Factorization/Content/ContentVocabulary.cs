using System.Globalization;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Content;

/// <summary>
/// The known content features and their weights: words and character 3- to 5-grams of titles, labels, steps of numbers, components of
/// vectors. Features are stored as 64-bit hashes of their names. Vectors of different lengths share no features, because their components
/// have different meanings.
/// </summary>
internal sealed class ContentVocabulary
{
    private readonly ulong[] _names;
    private readonly float[] _weights;
    private readonly Dictionary<ulong, int> _index;

    /// <param name="names">Hashed names of features 1, 2, …. Feature 0 is the constant that every item with content has.</param>
    /// <param name="weights">Inverse document frequencies.</param>
    private ContentVocabulary(ulong[] names, float[] weights)
    {
        (this._names, this._weights) = (names, weights);
        _index = new Dictionary<ulong, int>(names.Length);
        for (int f = 0; f < names.Length; f++) _index[names[f]] = f + 1;
    }

    /// <summary>Number of features, including the constant.</summary>
    public int Count => _names.Length + 1;

    /// <param name="most">Maximum number of features; the most frequent are kept.</param>
    public static ContentVocabulary Of(IReadOnlyList<ItemText?> items, int most)
    {
        var documents = new Dictionary<ulong, int>();
        foreach (var item in items)
        {
            if (item is null) continue;
            foreach (var kind in Kinds(item))
                foreach (var (feature, _) in kind) documents[feature] = documents.GetValueOrDefault(feature) + 1;
        }

        // A feature of a single item carries no information about other items.
        var kept = documents.Where(d => d.Value > 1).OrderByDescending(d => d.Value).ThenBy(d => d.Key).Take(most - 1).ToArray();
        return new ContentVocabulary([.. kept.Select(d => d.Key)],
            [.. kept.Select(d => (float)Math.Log(1 + (double)items.Count / d.Value))]);
    }

    /// <summary>
    /// The known features of an item, the constant first. The features of each kind are scaled to length 1, with higher weights for rare
    /// ones, and then all except the constant to length 1.
    /// </summary>
    public List<(int Feature, float Value)> Features(ItemText item)
    {
        var row = new List<(int Feature, double Value)>();
        foreach (var kind in Kinds(item))
        {
            var known = new List<(int Feature, double Value)>();
            foreach (var (name, value) in kind)
                if (_index.TryGetValue(name, out int feature)) known.Add((feature, value * _weights[feature - 1]));
            double size = Math.Sqrt(known.Sum(k => k.Value * k.Value));
            if (size > 0) row.AddRange(known.Select(k => (k.Feature, k.Value / size)));
        }

        double length = Math.Sqrt(row.Sum(r => r.Value * r.Value));
        return [(0, .3f), .. row.OrderBy(r => r.Feature).Select(r => (r.Feature, (float)(r.Value / length)))];
    }

    public void Write(ModelWriter writer)
    {
        writer.Numbers<ulong>(_names);
        writer.Numbers<float>(_weights);
    }

    public static ContentVocabulary Read(ModelReader reader)
    {
        var names = reader.Numbers<ulong>();
        return new ContentVocabulary(names, reader.Numbers<float>(names.Length));
    }

    private static List<Dictionary<ulong, double>> Kinds(ItemText item)
    {
        HashSet<ulong> words = [], grams = [];
        Subwords.Add(item.Title ?? "", words, grams);
        Dictionary<ulong, double> labels = [], numbers = [];
        foreach (string label in item.Labels) labels[Subwords.Hash("l:", label.Trim().ToLowerInvariant())] = 1;
        foreach (var (name, value) in item.Numbers)
            if (double.IsFinite(value)) numbers[Subwords.Hash("n:", NumberStep(name, value))] = 1;
        List<Dictionary<ulong, double>> kinds =
            [words.ToDictionary(w => w, _ => 1.0), grams.ToDictionary(g => g, _ => 1.0), labels, numbers];
        if (item.Vector is not { } vector) return kinds;
        var components = new Dictionary<ulong, double>();
        for (int k = 0; k < vector.Count; k++)
            if (float.IsFinite(vector[k]) && vector[k] != 0)
                components[Subwords.Hash("v:", string.Create(CultureInfo.InvariantCulture, $"{vector.Count}:{k}"))] = vector[k];
        kinds.Add(components);
        return kinds;
    }

    private static string NumberStep(string name, double value) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}:{Math.Sign(value)}:{Math.Round(2 * Math.Log2(1 + Math.Abs(value)))}");
}
