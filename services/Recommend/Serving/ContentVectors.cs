using System.Collections.Concurrent;
using Recommender.FactorStore.Items;
using Recommender.Retrieval;
using Recommender.Retrieval.Quantized;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Finds available items by the content vectors of their texts. Rows are store keys, so that all layouts of the catalogue share it. While
/// another encoder replaces the vectors, there is an index of each.
/// </summary>
internal sealed class ContentVectors
{
    private readonly ConcurrentDictionary<string, CosineIndex> _byModel = new(StringComparer.Ordinal);

    private long _version;

    /// <summary>Changes with every change: what was found before is out of date.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Whether any item has a vector.</summary>
    public bool IsEmpty => _byModel.IsEmpty;

    /// <summary>The items with vectors of an encoder; null if there are none.</summary>
    public CosineIndex? Of(string model) => _byModel.GetValueOrDefault(model);

    /// <summary>Adds an item or replaces its vector. Only the refresher calls this.</summary>
    public void Put(int key, ItemVector vector)
    {
        int rank = VectorBytes.Dimensions(vector.Bytes.Span);
        if (rank == 0) return;
        foreach (var (model, others) in _byModel)
            if (model != vector.Model) others.Remove(key);
        var index = _byModel.GetOrAdd(vector.Model, _ => new CosineIndex(rank));
        if (index.Rank != rank) return;
        float[] numbers = new float[rank];
        VectorBytes.Decode(vector.Bytes.Span, numbers);
        index.Put(key, numbers);
        Interlocked.Increment(ref _version);
    }

    /// <summary>Removes an item. Only the refresher calls this.</summary>
    public void Remove(int key)
    {
        foreach (var index in _byModel.Values) index.Remove(key);
        Interlocked.Increment(ref _version);
    }
}
