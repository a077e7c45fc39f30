using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>Another model's factors plus an item–item term.</summary>
public sealed class HybridModel : Model
{
    public const string Name = "hybrid";

    /// <param name="neighbours">Item–item term with its weight relative to the factors.</param>
    internal HybridModel(Model factors, ItemNeighbours neighbours)
    {
        Factors = factors;
        Neighbours = neighbours;
    }

    public Model Factors { get; }

    public override ItemNeighbours Neighbours { get; }

    public override string Learner => Name;

    public override int Rank => Factors.Rank;

    public override int ItemCount => Factors.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => Factors.ItemFactors;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor) => Factors.FoldIn(history, factor);

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        Factors.Explain(history, item, contributions);
        Neighbours.AddShares(history, item, contributions);
        float score = 0;
        foreach (float c in contributions[..history.Length]) score += c;
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions) =>
        Factors.Explain(history, itemFactor, contributions);

    internal override Model WithItemRows(Func<float[], int, float[]> change) => new HybridModel(Factors.WithItemRows(change), Neighbours);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        Factors.Write(stream);
        Neighbours.Write(writer);
        writer.End();
    }

    internal static HybridModel ReadBody(ModelReader reader)
    {
        var factors = ModelFormat.Read(reader.Stream);
        var neighbours = ItemNeighbours.Read(reader);
        if (neighbours.ItemCount != factors.ItemCount)
            throw new InvalidDataException("The model is damaged: its factors and neighbours differ in items.");
        return new HybridModel(factors, neighbours);
    }
}
