namespace Recommender.Factorization;

/// <summary>The baseline every other learner must beat: the same list for everybody.</summary>
public sealed record PopularitySettings : LearnerSettings
{
    /// <summary>
    /// Age at which an interaction counts half, as a share of the time that the data spans, above 0: recent popularity, scaled to a maximum
    /// of 1 so that it can stand beside other learners. 0: all interactions count alike, and so do they in data without times.
    /// </summary>
    public double HalfLife { get; init; }

    public override void Validate() => Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        var scores = new float[matrix.ItemCount];
        if (HalfLife > 0 && matrix.Ages is { } ages)
        {
            var sums = new double[scores.Length];
            for (int e = 0; e < ages.Items.Length; e++) sums[ages.Items[e]] += ages.Positive(e) * Math.Pow(2, -ages.Ages[e] / HalfLife);
            double most = Math.Max(sums.Max(), double.Epsilon);
            for (int i = 0; i < scores.Length; i++) scores[i] = (float)(sums[i] / most);
            return new PopularityModel(scores);
        }

        for (int i = 0; i < scores.Length; i++)
        {
            double sum = 0;
            for (long e = matrix.Items.Starts[i]; e < matrix.Items.Starts[i + 1]; e++) sum += matrix.Items.Weight(e) * matrix.Items.Target(e);
            scores[i] = (float)sum;
        }

        // On the scale it was asked for, also where the data has no times: beside other learners the scale matters.
        float top = scores.AsSpan().IsEmpty ? 0 : System.Numerics.Tensors.TensorPrimitives.Max<float>(scores);
        if (HalfLife > 0 && top > 0) foreach (ref float score in scores.AsSpan()) score /= top;
        return new PopularityModel(scores);
    }
}

/// <summary>Rank 1: an item's factor is its summed weight of positive events, a user's is 1 (0 without a history).</summary>
public sealed class PopularityModel : Model
{
    public const string Name = "popularity";

    private readonly float[] scores;

    internal PopularityModel(float[] scores) => this.scores = scores;

    public override string Learner => Name;

    public override int Rank => 1;

    public override int ItemCount => scores.Length;

    public override ReadOnlyMemory<float> ItemFactors => scores;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        factor[0] = history.IsEmpty ? 0 : 1;
    }

    /// <summary>No entry matters more than another: each has an equal share.</summary>
    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        return Explain(history, scores.AsSpan(item, 1), contributions);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        if (history.IsEmpty) return 0;
        contributions[..history.Length].Fill(itemFactor[0] / history.Length);
        return itemFactor[0];
    }

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>(scores);
        writer.End();
    }

    internal static PopularityModel ReadBody(ModelReader reader) => new(reader.Numbers<float>());
}
