using System.Numerics.Tensors;
using Recommender.Factorization.Events;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>
/// A released model, ready to serve. What was learned never changes; items that came later can be given a factor, by which searches find
/// them from then on like any other.
/// </summary>
internal sealed class ServingModel
{
    private readonly IItemIndex _learnedIndex;
    private readonly float[] _inverseNorms;

    /// <param name="itemKeys">Store key of each index.</param>
    /// <param name="index">Over the learned item factors.</param>
    /// <param name="indexOptions">How the index was made, for making it anew.</param>
    /// <param name="weights">What events count, as when the model was trained.</param>
    /// <param name="encoder">Of sessions; null: the model has none.</param>
    public ServingModel(long version, Model learned, int[] itemKeys, IItemIndex index, ItemIndexOptions? indexOptions = null,
        EventWeights? weights = null, SessionEncoder? encoder = null)
    {
        if (encoder is not null && encoder.ItemCount != learned.ItemCount)
            throw new InvalidDataException($"Model {version} has {learned.ItemCount} items; its session encoder {encoder.ItemCount}.");
        if (itemKeys.Length != learned.ItemCount)
            throw new InvalidDataException($"Model {version} has {learned.ItemCount} items and {itemKeys.Length} item keys.");
        Version = version;
        Learned = learned;
        Weights = weights;
        ItemKeys = itemKeys;
        IndexOptions = indexOptions ?? new ItemIndexOptions();
        _learnedIndex = index;
        Index = new ServingIndex(index);
        if (encoder is not null)
        {
            Encoder = encoder;
            EncoderIndex = new ServingIndex(ItemIndexes.Create(encoder.ItemDirections, encoder.Rank,
                IndexOptions with { Cells = IndexOptions.Cells with { SampleQueries = null } }));
        }

        _inverseNorms = new float[learned.ItemCount];
        for (int item = 0; item < _inverseNorms.Length; item++) _inverseNorms[item] = InverseNorm(index.Factor(item));
    }

    private ServingModel(ServingModel other)
    {
        Version = other.Version;
        Learned = other.Learned;
        Weights = other.Weights;
        ItemKeys = other.ItemKeys;
        IndexOptions = other.IndexOptions;
        _learnedIndex = other._learnedIndex;
        Index = new ServingIndex(_learnedIndex);
        (Encoder, EncoderIndex) = (other.Encoder, other.EncoderIndex);
        _inverseNorms = other._inverseNorms;
    }

    public long Version { get; }
    public Model Learned { get; }

    /// <summary>What events count, as when the model was trained; null for models from before they were kept with it.</summary>
    public EventWeights? Weights { get; }

    /// <summary>Store key of each index.</summary>
    public int[] ItemKeys { get; }

    /// <summary>Finds items by catalogue position: the learned ones, and those given a factor since.</summary>
    public ServingIndex Index { get; }

    public ItemIndexOptions IndexOptions { get; }

    /// <summary>Encoder of sessions over the learned items; null: there is none.</summary>
    public SessionEncoder? Encoder { get; }

    /// <summary>Finds learned items by the vector of a session; null without an encoder.</summary>
    public ServingIndex? EncoderIndex { get; }

    /// <summary>How it is searched, for log and status.</summary>
    public string Description => Learned.Neighbours is { } neighbours ? $"{Index.Description}; {neighbours.Count} neighbours"
        : Index.Description;

    public int Rank => Learned.Rank;

    /// <summary>Items that were learned: positions below are theirs. Later ones may have a factor too, see
    /// <see cref="HasFactor"/>.</summary>
    public int ItemCount => Learned.ItemCount;

    /// <summary>Whether the model has information about an item.</summary>
    public bool IsKnown(int position) =>
        (HasFactor(position) && InverseNorm(position) > 0)
        || (position < ItemCount && Learned.Neighbours is { } neighbours && !neighbours.Of(position).IsEmpty);

    public bool HasFactor(int position) => Index.HasFactor(position);

    public ReadOnlySpan<float> Factor(int position) => Index.Factor(position);

    /// <summary>1 / |factor|, 0 for a zero factor: for cosines.</summary>
    public float InverseNorm(int position) => position < _inverseNorms.Length ? _inverseNorms[position] : InverseNorm(Factor(position));

    /// <summary>
    /// Makes an item servable that the model was not trained with, by a factor made from something else, such as its content: every search
    /// that starts from now on can find it. Giving it another later replaces this one. Called by the refresher, concurrently with any
    /// number of searches.
    /// </summary>
    /// <param name="position">In the catalogue laid out for this model, from <see cref="ItemCount"/> on: what was learned stays.</param>
    /// <param name="factor"><see cref="Rank"/> numbers; copied.</param>
    public void PutFactor(int position, ReadOnlySpan<float> factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, ItemCount);
        Index.Put(position, factor);
    }

    /// <summary>The same model without the factors put in since: for a rebuilt catalogue, in which later items have other
    /// positions.</summary>
    public ServingModel WithoutAppendedItems() => new(this);

    private static float InverseNorm(ReadOnlySpan<float> factor)
    {
        float norm = TensorPrimitives.Norm(factor);
        return norm > 0 ? 1 / norm : 0;
    }
}
