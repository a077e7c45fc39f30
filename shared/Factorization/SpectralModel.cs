using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

/// <summary>
/// x = Σ c·p·P_i over the history, scaled to length 1; score = x·Q_j. Folding in costs one addition of a vector per entry.
/// Entries with target 0 add nothing.
/// </summary>
public sealed class SpectralModel : Model
{
    public const string Name = "spectral";

    private readonly float[] input;
    private readonly float[] output;
    private readonly int items;

    /// <param name="input">P, <c>items × rank</c>.</param>
    /// <param name="output">Q, <c>items × rank</c>.</param>
    internal SpectralModel(SpectralSettings settings, float[] input, float[] output)
    {
        Settings = settings;
        this.input = input;
        this.output = output;
        items = input.Length / settings.Rank;
    }

    public SpectralSettings Settings { get; }

    public override string Learner => Name;

    public override int Rank => Settings.Rank;

    public override int ItemCount => items;

    public override ReadOnlyMemory<float> ItemFactors => output;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        Fold(history, input, Rank, factor);
    }

    /// <returns>1 / length of the sum; 0 for a zero sum.</returns>
    internal static float Fold(ReadOnlySpan<HistoryEntry> history, float[] input, int rank, Span<float> factor)
    {
        factor.Clear();
        foreach (var entry in history) Vectors.Add(MathF.Max(entry.Weight, 0) * entry.Target, input.AsSpan(entry.Item * rank, rank), factor);
        float length = MathF.Sqrt(Vectors.Dot(factor, factor));
        float scale = length > 0 ? 1 / length : 0;
        foreach (ref float f in factor) f *= scale;
        return scale;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        Span<float> factor = Rank <= 1024 ? stackalloc float[Rank] : new float[Rank];
        float scale = Fold(history, input, Rank, factor), score = 0;
        for (int e = 0; e < history.Length; e++)
        {
            var entry = history[e];
            contributions[e] = scale * MathF.Max(entry.Weight, 0) * entry.Target * Vectors.Dot(input.AsSpan(entry.Item * Rank, Rank), output.AsSpan(item * Rank, Rank));
            score += contributions[e];
        }

        return score;
    }

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Text(Settings.ToJson());
        writer.Integer(ItemCount);
        writer.Numbers<float>(input);
        writer.Numbers<float>(output);
        writer.End();
    }

    internal static SpectralModel ReadBody(ModelReader reader)
    {
        var settings = reader.Settings<SpectralSettings>();
        long numbers = (long)reader.Integer(0, int.MaxValue) * settings.Rank;
        var input = reader.Numbers<float>(numbers);
        return new SpectralModel(settings, input, reader.Numbers<float>(numbers));
    }
}
