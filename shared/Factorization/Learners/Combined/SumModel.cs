using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>Concatenated factors of two models. Item factors of the second are multiplied by its weight.</summary>
public sealed class SumModel : Model
{
    public const string Name = "sum";

    private readonly float _weight;
    private readonly float[] _factors;

    internal SumModel(Model first, Model second, float weight)
    {
        (First, Second, this._weight) = (first, second, weight);
        bool foldingAlone = first.ItemFactors.IsEmpty || second.ItemFactors.IsEmpty;
        _factors = foldingAlone ? [] : new float[(long)ItemCount * Rank];
        if (foldingAlone) return;
        for (int i = 0; i < ItemCount; i++)
        {
            var row = _factors.AsSpan(i * Rank, Rank);
            first.ItemFactors.Span.Slice(i * first.Rank, first.Rank).CopyTo(row);
            Vectors.Add(weight, second.ItemFactors.Span.Slice(i * second.Rank, second.Rank), row[first.Rank..]);
        }
    }

    public Model First { get; }

    public Model Second { get; }

    public override string Learner => Name;

    public override int Rank => First.Rank + Second.Rank;

    public override int ItemCount => First.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => _factors;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        First.FoldIn(history, factor[..First.Rank]);
        Second.FoldIn(history, factor[First.Rank..]);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        float score = First.Explain(history, item, contributions);
        var other = history.Length <= 1024 ? stackalloc float[history.Length] : new float[history.Length];
        score += _weight * Second.Explain(history, item, other);
        Vectors.Add(_weight, other, contributions[..history.Length]);
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        // The second part of the factor includes the weight.
        float score = First.Explain(history, itemFactor[..First.Rank], contributions);
        var other = history.Length <= 1024 ? stackalloc float[history.Length] : new float[history.Length];
        score += Second.Explain(history, itemFactor[First.Rank..], other);
        Vectors.Add(1, other, contributions[..history.Length]);
        return score;
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) =>
        new SumModel(First.WithItemRows(change), Second.WithItemRows(change), _weight);

    internal override Model FoldingAlone() => new SumModel(First.FoldingAlone(), Second.FoldingAlone(), _weight);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>([_weight]);
        First.Write(stream);
        Second.Write(stream);
        writer.End();
    }

    internal static SumModel ReadBody(ModelReader reader)
    {
        float weight = reader.Numbers<float>(1)[0];
        var first = ModelFormat.Read(reader.Stream);
        var second = ModelFormat.Read(reader.Stream);
        if (first.ItemCount != second.ItemCount) throw new InvalidDataException("The model is damaged: its parts differ in items.");
        return new SumModel(first, second, weight);
    }
}
