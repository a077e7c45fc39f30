using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;

namespace Recommender.Factorization.Models;

/// <summary>
/// What training yields and serving needs: immutable and safe for concurrent use. The score of an item for a user is the dot
/// product of the user's factor with the item's row of <see cref="ItemFactors"/>, plus, where the learner has one, the sparse
/// item–item term of the history. Every learner fills this one contract.
/// </summary>
public abstract class Model
{
    /// <summary>Name of the learner, e.g. <c>ials</c>.</summary>
    public abstract string Learner { get; }

    /// <summary>Length of a factor.</summary>
    public abstract int Rank { get; }

    public abstract int ItemCount { get; }

    /// <summary><c>items × rank</c>, row-major.</summary>
    public abstract ReadOnlyMemory<float> ItemFactors { get; }

    /// <summary>
    /// The item–item term of learners that have one: <see cref="ItemNeighbours.Score"/> of the history is added to the dot products, and
    /// is part of <see cref="Explain(ReadOnlySpan{HistoryEntry}, int, Span{float})"/>. Null: the dot product is the whole score.
    /// </summary>
    public virtual ItemNeighbours? Neighbours => null;

    /// <summary>Whether <see cref="HistoryEntry.Place"/> matters.</summary>
    public virtual bool UsesPlaces => false;

    /// <summary>
    /// Solves a user's factor from their history against the fixed item factors. The result depends on the history alone, not on its order,
    /// beyond rounding. An empty history gives the zero factor. Entries beyond <see cref="ItemCount"/> are the caller's error
    /// (<see cref="ArgumentOutOfRangeException"/>).
    /// </summary>
    /// <param name="factor">Receives <see cref="Rank"/> numbers.</param>
    public abstract void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor);

    /// <summary>
    /// What each history entry contributes to the score of <paramref name="item"/>; the contributions sum to the score.
    /// </summary>
    /// <param name="contributions">As long as <paramref name="history"/>.</param>
    /// <returns>The score.</returns>
    public abstract float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions);

    /// <summary>The same for an item that is not of the model but was given a factor: its score is the dot product alone.</summary>
    /// <param name="itemFactor"><see cref="Rank"/> numbers.</param>
    public abstract float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions);

    /// <summary>The same model with rows of item factors changed (given all rows and the rank); itself where it has none of its
    /// own.</summary>
    internal virtual Model WithItemRows(Func<float[], int, float[]> change) => this;

    /// <summary>What is needed of it to fold users in and to explain factors given to it; item factors of its own are left out where these
    /// do not need them.</summary>
    internal virtual Model FoldingAlone() => this;

    /// <summary>Writes magic, format version, every setting and the numbers; <see cref="Read"/> restores it bit for bit.</summary>
    public abstract void Write(Stream stream);

    /// <summary>Reads what <see cref="Write"/> wrote, of any learner.</summary>
    /// <exception cref="InvalidDataException">Not a model, of a newer format, or cut short.</exception>
    public static Model Read(Stream stream)
    {
        var model = ModelFormat.Read(stream);
        if (model.ItemFactors.Length != (long)model.ItemCount * model.Rank)
            throw new InvalidDataException("The model is damaged: its item factors are missing.");
        return model;
    }
}
