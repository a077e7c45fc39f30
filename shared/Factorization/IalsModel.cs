using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

/// <summary>
/// Item factors in the principal axes of their Gram matrix, leading axis first. A user is the exact minimiser of the training loss given
/// their history: fold-in is one more half-step of training.
/// </summary>
public sealed unsafe class IalsModel : Model
{
    public const string Name = "ials";

    [ThreadStatic]
    private static Scratch? scratch;

    /// <param name="factors"><c>items × rank</c>, in principal axes.</param>
    /// <param name="gram">Diagonal of the Gram matrix, <c>rank</c> long.</param>
    /// <param name="itemWeights">o_i: what an entry's weight is multiplied by.</param>
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
        var own = Own();
        fixed (HistoryEntry* entries = history)
        fixed (float* factors = Factors, weights = ItemWeights, b = own.Diagonal, result = factor)
        {
            var rows = new HistoryRows(factors, Rank, entries, weights, history.Length);
            Ials.Diagonal(rows, Gram, ItemCount, Settings, b);
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
        var own = Own();
        fixed (HistoryEntry* entries = history)
        fixed (float* factors = Factors, weights = ItemWeights, b = own.Diagonal, result = contributions, row = itemFactor)
        {
            var rows = new HistoryRows(factors, Rank, entries, weights, history.Length);
            Ials.Diagonal(rows, Gram, ItemCount, Settings, b);
            own.Solver.Shares(rows, b, row, result);
        }

        float score = 0;
        foreach (float c in contributions[..history.Length]) score += c;
        return score;
    }

    /// <summary>
    /// Brings a factor up to date after a few events came or went, starting from what it was: conjugate gradients, each step costing history ×
    /// rank instead of the solve's history² × rank. Equals <see cref="FoldIn"/> to about 1e-5 of the factor's length.
    /// </summary>
    /// <param name="history">As it is now.</param>
    /// <param name="factor">In: the factor before, or zeros. Out: the factor now.</param>
    public void Update(ReadOnlySpan<HistoryEntry> history, Span<float> factor)
    {
        ModelChecks.Factor(this, factor);
        ModelChecks.History(this, history);
        var own = Own();
        fixed (HistoryEntry* entries = history)
        fixed (float* factors = Factors, weights = ItemWeights, b = own.Diagonal, result = factor)
        {
            var rows = new HistoryRows(factors, Rank, entries, weights, history.Length);
            Ials.Diagonal(rows, Gram, ItemCount, Settings, b);
            own.Solver.Improve(rows, b, result);
        }
    }

    /// <remarks>The Gram matrix stays that of the learned rows: content says nothing about what was not consumed.</remarks>
    internal override Model WithItemRows(Func<float[], int, float[]> change) => new IalsModel(Settings, change(Factors, Rank), Gram, ItemWeights);

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

    private Scratch Own()
    {
        if (scratch?.Rank != Rank)
        {
            scratch?.Solver.Dispose();
            scratch = new Scratch(Rank);
        }

        return scratch;
    }

    /// <summary>Per thread, so that requests neither wait for each other nor allocate.</summary>
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

internal static class ModelChecks
{
    public static void History(Model model, ReadOnlySpan<HistoryEntry> history)
    {
        foreach (var entry in history)
        {
            if ((uint)entry.Item >= (uint)model.ItemCount)
                throw new ArgumentOutOfRangeException(nameof(history), entry.Item, $"A history entry's item is not in 0..{model.ItemCount - 1}.");
        }
    }

    public static void Item(Model model, int item)
    {
        if ((uint)item >= (uint)model.ItemCount) throw new ArgumentOutOfRangeException(nameof(item), item, $"The item is not in 0..{model.ItemCount - 1}.");
    }

    public static void ItemFactor(Model model, ReadOnlySpan<float> factor)
    {
        if (factor.Length != model.Rank) throw new ArgumentException($"The item's factor has {factor.Length} numbers; the rank is {model.Rank}.", nameof(factor));
    }

    public static void Factor(Model model, Span<float> factor)
    {
        if (factor.Length != model.Rank) throw new ArgumentException($"The factor has room for {factor.Length} numbers; the rank is {model.Rank}.", nameof(factor));
    }

    public static void Contributions(ReadOnlySpan<HistoryEntry> history, Span<float> contributions)
    {
        if (contributions.Length < history.Length) throw new ArgumentException($"Contributions have room for {contributions.Length} of {history.Length} entries.", nameof(contributions));
    }
}
