namespace Recommender.Factorization.Content;

/// <summary>Content of items as sparse features; see <see cref="ContentVocabulary"/>.</summary>
public sealed class ItemContent
{
    private ItemContent(ContentVocabulary vocabulary, long[] starts, int[] features, float[] values) =>
        (Vocabulary, Starts, Features, Values) = (vocabulary, starts, features, values);

    internal ContentVocabulary Vocabulary { get; }

    internal long[] Starts { get; }

    internal int[] Features { get; }

    internal float[] Values { get; }

    /// <summary>Feature 0 is the constant that every item with content has.</summary>
    internal int FeatureCount => Vocabulary.Count;

    public int ItemCount => Starts.Length - 1;

    internal bool Has(int item) => Starts[item + 1] > Starts[item];

    /// <param name="items">By index; null for an item without content.</param>
    /// <param name="mostFeatures">Maximum number of features, at least 1; the most frequent are kept.</param>
    public static ItemContent Build(IReadOnlyList<ItemText?> items, int mostFeatures = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostFeatures, 1);
        var vocabulary = ContentVocabulary.Of(items, mostFeatures);
        var starts = new long[items.Count + 1];
        var features = new List<int>();
        var values = new List<float>();
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i] is { } item)
            {
                foreach (var (feature, value) in vocabulary.Features(item))
                {
                    features.Add(feature);
                    values.Add(value);
                }
            }

            starts[i + 1] = features.Count;
        }

        return new ItemContent(vocabulary, starts, [.. features], [.. values]);
    }
}
