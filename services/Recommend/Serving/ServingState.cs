using System.Numerics.Tensors;
using Recommender.Factorization;
using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>A released model, ready to serve. Immutable.</summary>
internal sealed class ServingModel
{
    public ServingModel(long version, Model learned, int[] itemKeys, IItemIndex index)
    {
        if (itemKeys.Length != learned.ItemCount)
            throw new InvalidDataException($"Model {version} has {learned.ItemCount} items and {itemKeys.Length} item keys.");
        Version = version;
        Learned = learned;
        ItemKeys = itemKeys;
        Index = index;
        InverseNorms = new float[learned.ItemCount];
        var factors = learned.ItemFactors.Span;
        for (int item = 0; item < InverseNorms.Length; item++)
        {
            float norm = TensorPrimitives.Norm(factors.Slice(item * learned.Rank, learned.Rank));
            InverseNorms[item] = norm > 0 ? 1 / norm : 0;
        }
    }

    public long Version { get; }
    public Model Learned { get; }

    /// <summary>Store key of each index.</summary>
    public int[] ItemKeys { get; }

    public IItemIndex Index { get; }

    /// <summary>How it is searched, for log and status.</summary>
    public string Description => Learned.Neighbours is { } neighbours ? $"{Index.Description}; {neighbours.Count} neighbours" : Index.Description;

    /// <summary>1 / |factor| of each item, 0 for a zero factor: for cosines.</summary>
    public float[] InverseNorms { get; }

    public int Rank => Learned.Rank;
    public int ItemCount => Learned.ItemCount;

    /// <summary>Whether the model can say anything about an item.</summary>
    public bool IsKnown(int item) => InverseNorms[item] > 0 || Learned.Neighbours is { } neighbours && !neighbours.Of(item).IsEmpty;

    public ReadOnlySpan<float> Factor(int item) => Learned.ItemFactors.Span.Slice(item * Rank, Rank);
}

/// <summary>
/// Everything an answer is made from. A request takes the current one once and uses nothing else, so that no answer mixes two models.
/// </summary>
/// <param name="Catalogue">Laid out for <paramref name="Model"/>.</param>
internal sealed record ServingState(ServingModel? Model, Catalogue Catalogue);

/// <summary>What is served now, and how the refresher fares. Written by the refresher, read by every request.</summary>
internal sealed class Serving
{
    private ServingState _state = new(null, new Catalogue([]));
    private long _answers;

    public ServingState State
    {
        get => Volatile.Read(ref _state);
        set => Volatile.Write(ref _state, value);
    }

    /// <summary>Null while the factor store answers; otherwise why it does not. Requests do not ask a store that is known to be gone.</summary>
    public string? FactorStoreProblem { get; set; } = "has not answered yet";

    /// <summary>Why a released model could not be loaded; null when all is well.</summary>
    public string? ModelProblem { get; set; }

    /// <summary>Whether the catalogue has been read to its end once.</summary>
    public bool IsLoaded { get; set; }

    public long? LoadingVersion { get; set; }
    public string? Generation { get; set; }
    public long Sequence { get; set; }
    public DateTimeOffset? RefreshedAt { get; set; }

    public long Answers => Volatile.Read(ref _answers);

    public long CountAnswer() => Interlocked.Increment(ref _answers);
}
