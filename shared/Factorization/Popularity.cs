namespace Recommender.Factorization;

/// <summary>The baseline every other learner must beat: the same list for everybody.</summary>
public sealed record PopularitySettings : LearnerSettings
{
    public override void Validate()
    {
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation)
    {
        var scores = new float[matrix.ItemCount];
        for (int i = 0; i < scores.Length; i++)
        {
            double sum = 0;
            for (long e = matrix.Items.Starts[i]; e < matrix.Items.Starts[i + 1]; e++) sum += matrix.Items.Weight(e) * matrix.Items.Target(e);
            scores[i] = (float)sum;
        }

        return new PopularityModel(scores);
    }
}

/// <summary>Popularity of late.</summary>
public static class RecentPopularity
{
    /// <summary>Sums of c·p·2^−(age / half-life), age being counted to the newest entry.</summary>
    /// <param name="halfLife">In the unit of the entries' times, above 0.</param>
    public static PopularityModel Of(int items, IReadOnlyCollection<TimedEntry> entries, double halfLife)
    {
        if (!(halfLife > 0)) throw new ArgumentOutOfRangeException(nameof(halfLife), halfLife, "The half-life must be above 0.");
        var scores = new double[items];
        long newest = entries.Count == 0 ? 0 : entries.Max(e => e.Time);
        foreach (var (entry, time) in entries) scores[entry.Item] += entry.Weight * entry.Target * Math.Pow(2, (time - newest) / halfLife);
        return new PopularityModel([.. scores.Select(s => (float)s)]);
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
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        if (history.IsEmpty) return 0;
        contributions[..history.Length].Fill(scores[item] / history.Length);
        return scores[item];
    }

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Numbers<float>(scores);
        writer.End();
    }

    internal static PopularityModel ReadBody(ModelReader reader) => new(reader.Numbers<float>());
}
