using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Neighbourhood;

/// <summary>An item–item term only; the factors (rank 1) are zero.</summary>
public sealed class NeighbourhoodModel : Model
{
    public const string Name = "neighbourhood";

    private readonly float[] _zeros;

    /// <param name="learner">Name of the learner.</param>
    internal NeighbourhoodModel(string learner, LearnerSettings settings, ItemNeighbours neighbours)
    {
        Learner = learner;
        Settings = settings;
        Neighbours = neighbours;
        _zeros = new float[neighbours.ItemCount];
    }

    public LearnerSettings Settings { get; }

    public override string Learner { get; }

    public override int Rank => 1;

    public override int ItemCount => _zeros.Length;

    public override ReadOnlyMemory<float> ItemFactors => _zeros;

    public override ItemNeighbours Neighbours { get; }

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        factor.Clear();
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        contributions[..history.Length].Clear();
        Neighbours.AddShares(history, item, contributions);
        float score = 0;
        foreach (float c in contributions[..history.Length]) score += c;
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        ModelChecks.Contributions(history, contributions);
        contributions[..history.Length].Clear();
        return 0;
    }

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Learner);
        writer.Text(Settings.ToJson());
        Neighbours.Write(writer);
        writer.End();
    }

    internal static NeighbourhoodModel ReadBody<T>(string learner, ModelReader reader) where T : LearnerSettings =>
        new(learner, reader.Settings<T>(), ItemNeighbours.Read(reader));
}
