using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Models;

/// <summary>
/// x = Σ c·p·P_i over the history, scaled to length 1; score = x·Q_j. Fold-in costs one vector addition per entry. Entries with target 0
/// have no effect.
/// </summary>
public sealed class LinearModel : Model
{
    private readonly float[] _input;
    private readonly float[] _output;
    private readonly int _items;

    /// <param name="input">P, <c>items × rank</c>.</param>
    /// <param name="output">Q, <c>items × rank</c>; empty if only fold-in is needed.</param>
    internal LinearModel(string learner, LearnerSettings settings, int rank, float[] input, float[] output)
    {
        Learner = learner;
        Settings = settings;
        Rank = rank;
        this._input = input;
        this._output = output;
        _items = input.Length / rank;
    }

    public LearnerSettings Settings { get; }

    public override string Learner { get; }

    public override int Rank { get; }

    public override int ItemCount => _items;

    public override ReadOnlyMemory<float> ItemFactors => _output;

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        Fold(history, _input, Rank, factor);
    }

    /// <returns>1 / length of the sum; 0 for a zero sum.</returns>
    internal static float Fold(ReadOnlySpan<HistoryEntry> history, float[] input, int rank, Span<float> factor)
    {
        factor.Clear();
        foreach (var entry in history) Vectors.Add(MathF.Max(entry.Weight, 0) * entry.Target, input.AsSpan(entry.Item * rank, rank),
            factor);
        float length = MathF.Sqrt(Vectors.Dot(factor, factor));
        float scale = length > 0 ? 1 / length : 0;
        foreach (ref float f in factor) f *= scale;
        return scale;
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        return Explain(history, _output.AsSpan(item * Rank, Rank), contributions);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        Span<float> factor = Rank <= 1024 ? stackalloc float[Rank] : new float[Rank];
        float scale = Fold(history, _input, Rank, factor), score = 0;
        for (int e = 0; e < history.Length; e++)
        {
            var entry = history[e];
            contributions[e] = scale * MathF.Max(entry.Weight, 0) * entry.Target * Vectors.Dot(_input.AsSpan(entry.Item * Rank, Rank),
                itemFactor);
            score += contributions[e];
        }

        return score;
    }

    internal override Model WithItemRows(Func<float[], int, float[]> change) =>
        new LinearModel(Learner, Settings, Rank, change(_input, Rank), _output.Length == 0 ? _output : change(_output, Rank));

    internal override Model FoldingAlone() => new LinearModel(Learner, Settings, Rank, _input, []);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Learner);
        writer.Text(Settings.ToJson());
        writer.Integer(ItemCount);
        writer.Integer(Rank);
        writer.Numbers<float>(_input);
        writer.Numbers<float>(_output);
        writer.End();
    }

    internal static LinearModel ReadBody<T>(string learner, ModelReader reader) where T : LearnerSettings
    {
        var settings = reader.Settings<T>();
        int items = reader.Integer(0, int.MaxValue), rank = reader.Integer(1, 1 << 16);
        var input = reader.Numbers<float>((long)items * rank);
        var output = reader.Numbers<float>();
        if (output.Length > 0 && output.Length != input.Length)
            throw new InvalidDataException("The model is damaged: its input and output vectors differ in number.");
        return new LinearModel(learner, settings, rank, input, output);
    }
}
