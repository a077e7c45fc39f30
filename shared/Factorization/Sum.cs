using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

/// <summary>Two learners' scores added. A sum of two dot products is one dot product of longer factors, so it is served like any other.</summary>
public sealed record SumSettings : LearnerSettings
{
    /// <summary>A learner without an item–item term.</summary>
    public LearnerSettings First { get; init; } = new IalsSettings();

    /// <inheritdoc cref="First"/>
    public LearnerSettings Second { get; init; } = new SpectralSettings();

    /// <summary>What the second's scores are multiplied by, above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Half for each.</summary>
    public override LearnerSettings WithRank(int rank) => this with { First = First.WithRank((rank + 1) / 2), Second = Second.WithRank(Math.Max(rank / 2, 1)) };

    public override void Validate()
    {
        Require(First is not (HybridSettings or NeighbourhoodSettings), nameof(First), First.GetType().Name, "a learner of factors");
        Require(Second is not (HybridSettings or NeighbourhoodSettings), nameof(Second), Second.GetType().Name, "a learner of factors");
        Require(Weight is > 0 and <= 1e6, nameof(Weight), Weight, "above 0, at most 1,000,000");
        First.Validate();
        Second.Validate();
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        // Stops and starts are of one learner's factors, not of the sum's.
        options = options with { StopAfter = null, WarmStart = null };
        return new SumModel(First.Train(matrix, options, cancellation), Second.Train(matrix, options, cancellation), (float)Weight);
    }
}

/// <summary>Factors of the first model followed by those of the second; item factors of the second carry the weight.</summary>
public sealed class SumModel : Model
{
    public const string Name = "sum";

    private readonly float weight;
    private readonly float[] factors;

    internal SumModel(Model first, Model second, float weight)
    {
        (First, Second, this.weight) = (first, second, weight);
        bool foldingAlone = first.ItemFactors.IsEmpty || second.ItemFactors.IsEmpty;
        factors = foldingAlone ? [] : new float[(long)ItemCount * Rank];
        if (foldingAlone) return;
        for (int i = 0; i < ItemCount; i++)
        {
            var row = factors.AsSpan(i * Rank, Rank);
            first.ItemFactors.Span.Slice(i * first.Rank, first.Rank).CopyTo(row);
            Vectors.Add(weight, second.ItemFactors.Span.Slice(i * second.Rank, second.Rank), row[first.Rank..]);
        }
    }

    public Model First { get; }

    public Model Second { get; }

    public override string Learner => Name;

    public override int Rank => First.Rank + Second.Rank;

    public override int ItemCount => First.ItemCount;

    public override ReadOnlyMemory<float> ItemFactors => factors;

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
        score += weight * Second.Explain(history, item, other);
        Vectors.Add(weight, other, contributions[..history.Length]);
        return score;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        // The weight is in the second part of the factor.
        float score = First.Explain(history, itemFactor[..First.Rank], contributions);
        var other = history.Length <= 1024 ? stackalloc float[history.Length] : new float[history.Length];
        score += Second.Explain(history, itemFactor[First.Rank..], other);
        Vectors.Add(1, other, contributions[..history.Length]);
        return score;
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) => new SumModel(First.WithItemRows(change), Second.WithItemRows(change), weight);

    internal override Model FoldingAlone() => new SumModel(First.FoldingAlone(), Second.FoldingAlone(), weight);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>([weight]);
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
