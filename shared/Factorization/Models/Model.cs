using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;

namespace Recommender.Factorization.Models;

/// <summary>
/// Result of a training, for serving. Immutable and thread-safe. The score of an item for a user is the dot product of the user's factor
/// and the item's row of <see cref="ItemFactors"/>, plus the sparse item–item term of the history, if there is one.
/// </summary>
public abstract class Model
{
    /// <summary>Name of the learner, such as <c>ials</c>.</summary>
    public abstract string Learner { get; }

    /// <summary>Length of a factor.</summary>
    public abstract int Rank { get; }

    public abstract int ItemCount { get; }

    /// <summary><c>items × rank</c>, row-major.</summary>
    public abstract ReadOnlyMemory<float> ItemFactors { get; }

    /// <summary>
    /// The item–item term: <see cref="ItemNeighbours.Score"/> of the history is added to the dot products, and is part of <see
    /// cref="Explain(ReadOnlySpan{HistoryEntry}, int, Span{float})"/>. Null: the score is the dot product.
    /// </summary>
    public virtual ItemNeighbours? Neighbours => null;

    /// <summary>Whether scores depend on <see cref="HistoryEntry.Place"/>.</summary>
    public virtual bool UsesPlaces => false;

    /// <summary>
    /// Computes a user's factor from their history, with item factors fixed. Up to rounding the result does not depend on the order of
    /// entries. An empty history gives the zero factor.
    /// </summary>
    /// <param name="factor">Receives <see cref="Rank"/> numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">The item of an entry is not in 0 .. <see cref="ItemCount"/> − 1.</exception>
    public abstract void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor);

    /// <summary>
    /// Computes the contribution of each history entry to the score of <paramref name="item"/>. The contributions sum to the score.
    /// </summary>
    /// <param name="contributions">Receives one number per entry of <paramref name="history"/>.</param>
    /// <returns>The score.</returns>
    public abstract float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions);

    /// <summary>The same for an item outside of the model, with a given factor. Its score is the dot product.</summary>
    /// <param name="itemFactor"><see cref="Rank"/> numbers.</param>
    public abstract float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions);

    /// <summary>
    /// The same model with changed item factors; this model if it has no factors of its own. <paramref name="change"/> receives all rows
    /// and the rank.
    /// </summary>
    internal virtual Model WithItemRows(Func<float[], int, float[]> change) => this;

    /// <summary>The same model for fold-in and explanations of given factors only, without item factors that these do not need.</summary>
    internal virtual Model FoldingAlone() => this;

    /// <summary>Writes magic, format version, every setting and the numbers; <see cref="Read"/> restores it bit for bit.</summary>
    public abstract void Write(Stream stream);

    /// <summary>Reads a model of any learner, as written by <see cref="Write"/>.</summary>
    /// <exception cref="InvalidDataException">Not a model, of a newer format, or truncated.</exception>
    public static Model Read(Stream stream)
    {
        var model = ModelFormat.Read(stream);
        if (model.ItemFactors.Length != (long)model.ItemCount * model.Rank)
            throw new InvalidDataException("The model is damaged: its item factors are missing.");
        return model;
    }
}
