using System.Buffers;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>Another model with histories weighted by <see cref="HistoryEntry.Place"/>.</summary>
public sealed class RecencyModel : Model
{
    public const string Name = "recency";

    internal RecencyModel(Model of, float halfLife)
    {
        Of = of;
        HalfLife = halfLife;
        Neighbours = of.Neighbours?.ByRecency(halfLife);
    }

    public Model Of { get; }

    /// <summary>Number of newer entries at which the weight of an entry is halved.</summary>
    public float HalfLife { get; }

    public override string Learner => Name;

    public override int Rank => Of.Rank;

    public override int ItemCount => Of.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => Of.ItemFactors;

    public override ItemNeighbours? Neighbours { get; }

    public override bool UsesPlaces => true;

    /// <summary>Factor of an entry's weight, 0..1.</summary>
    internal static float Share(int place, float halfLife) => halfLife > 0 ? halfLife / (halfLife + place) : 1;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        Of.FoldIn(Weighed(history, buffer), factor);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        float score = Of.Explain(Weighed(history, buffer), item, contributions);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        var buffer = ArrayPool<HistoryEntry>.Shared.Rent(history.Length);
        float score = Of.Explain(Weighed(history, buffer), itemFactor, contributions);
        ArrayPool<HistoryEntry>.Shared.Return(buffer);
        return score;
    }

    private ReadOnlySpan<HistoryEntry> Weighed(ReadOnlySpan<HistoryEntry> history, HistoryEntry[] buffer)
    {
        for (int e = 0; e < history.Length; e++)
            buffer[e] = history[e] with { Weight = history[e].Weight * Share(history[e].Place, HalfLife) };
        return buffer.AsSpan(0, history.Length);
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) => new RecencyModel(Of.WithItemRows(change), HalfLife);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>([HalfLife]);
        Of.Write(stream);
        writer.End();
    }

    internal static RecencyModel ReadBody(ModelReader reader)
    {
        float halfLife = reader.Numbers<float>(1)[0];
        if (!(halfLife > 0)) throw new InvalidDataException($"The model is damaged: its half-life is {halfLife}.");
        return new RecencyModel(ModelFormat.Read(reader.Stream), halfLife);
    }
}
