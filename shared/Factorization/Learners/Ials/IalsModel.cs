using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Ials;

/// <summary>
/// Item factors in the principal axes of their Gram matrix, leading axis first. A user's factor minimises the training loss exactly for
/// their history: fold-in is one more half-step of training.
/// </summary>
public sealed unsafe class IalsModel : Model
{
    public const string Name = "ials";

    [ThreadStatic]
    private static Scratch? s_scratch;

    /// <param name="factors"><c>items × rank</c>, in principal axes.</param>
    /// <param name="gram">Diagonal of the Gram matrix, <c>rank</c> long.</param>
    /// <param name="itemWeights">o_i: factor of the weight of item i's entries.</param>
    internal IalsModel(IalsSettings settings, float[] factors, double[] gram, float[] itemWeights)
    {
        Settings = settings;
        Factors = factors;
        Gram = gram;
        ItemWeights = itemWeights;
    }

    public IalsSettings Settings { get; }

    public override string Learner => Name;

    public override int Rank => Settings.Rank;

    public override int ItemCount => ItemWeights.Length;

    public override ReadOnlyMemory<float> ItemFactors => Factors;

    internal float[] Factors { get; }

    internal double[] Gram { get; }

    internal float[] ItemWeights { get; }

    public override void FoldIn(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        var own = GetScratch();
        fixed (HistoryEntry* entries = history)
        fixed (float* factors = Factors, weights = ItemWeights, b = own.Diagonal, result = factor)
        {
            var rows = new HistoryRows(factors, Rank, entries, weights, history.Length);
            IalsTrainer.Diagonal(rows, Gram, ItemCount, Settings, b);
            own.Solver.Solve(rows, b, result);
        }
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        ModelChecks.Item(this, item);
        return Explain(history, Factors.AsSpan(item * Rank, Rank), contributions);
    }

    public override float Explain(ReadOnlySpan<HistoryEntry> history, ReadOnlySpan<float> itemFactor, Span<float> contributions)
    {
        ModelChecks.ItemFactor(this, itemFactor);
        ModelChecks.History(this, history);
        ModelChecks.Contributions(history, contributions);
        if (history.IsEmpty) return 0;
        var own = GetScratch();
        fixed (HistoryEntry* entries = history)
        fixed (float* factors = Factors, weights = ItemWeights, b = own.Diagonal, result = contributions, row = itemFactor)
        {
            var rows = new HistoryRows(factors, Rank, entries, weights, history.Length);
            IalsTrainer.Diagonal(rows, Gram, ItemCount, Settings, b);
            own.Solver.Shares(rows, b, row, result);
        }

        float score = 0;
        foreach (float c in contributions[..history.Length]) score += c;
        return score;
    }

    /// <remarks>
    /// The Gram matrix of the learned rows does not change: content carries no information about items that were not consumed.
    /// </remarks>
    internal override Model WithItemRows(Func<float[], int, float[]> change) =>
        new IalsModel(Settings, change(Factors, Rank), Gram, ItemWeights);

    public override void Write(Stream stream)
    {
        var writer = new ModelWriter(stream, Name);
        writer.Text(Settings.ToJson());
        writer.Integer(ItemCount);
        writer.Numbers<double>(Gram);
        writer.Numbers<float>(ItemWeights);
        writer.Numbers<float>(Factors);
        writer.End();
    }

    internal static IalsModel ReadBody(ModelReader reader)
    {
        var settings = reader.Settings<IalsSettings>();
        int items = reader.Integer(0, int.MaxValue);
        var gram = reader.Numbers<double>(settings.Rank);
        var weights = reader.Numbers<float>(items);
        return new IalsModel(settings, reader.Numbers<float>((long)items * settings.Rank), gram, weights);
    }

    private Scratch GetScratch()
    {
        if (s_scratch?.Rank != Rank)
        {
            s_scratch?.Solver.Dispose();
            s_scratch = new Scratch(Rank);
        }

        return s_scratch;
    }

    /// <summary>Per thread, so that requests need no lock and do not allocate.</summary>
    private sealed class Scratch(int rank)
    {
        public int Rank => rank;
        public RidgeSolver Solver { get; } = new(rank);
        public float[] Diagonal { get; } = new float[rank];
    }

    private readonly struct HistoryRows(float* factors, int rank, HistoryEntry* entries, float* itemWeights, int count) : IRidgeRows
    {
        public int Count => count;

        public float Weight(int e) => MathF.Max(entries[e].Weight, 0) * itemWeights[entries[e].Item];

        public float Target(int e) => entries[e].Target;

        public float* Row(int e, float* buffer) => factors + (nint)entries[e].Item * rank;
    }
}
