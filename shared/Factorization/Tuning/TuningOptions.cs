namespace Recommender.Factorization.Tuning;

public sealed record TuningOptions
{
    /// <summary>Time budget in seconds. A started trial is finished.</summary>
    public double BudgetSeconds { get; init; } = 300;

    /// <summary>Maximum rank, 8..2048.</summary>
    public int MaxRank { get; init; } = 128;

    /// <summary>Whether models may have an item–item term.</summary>
    public bool AllowNeighbourhood { get; init; } = true;

    /// <summary>
    /// Maximum number of test users per trial, over all hold-outs; an even sample. More users take longer and reduce noise. The final uses
    /// more.
    /// </summary>
    public int MaxUsers { get; init; } = 4000;

    public int K { get; init; } = 20;

    public int Threads { get; init; } = Environment.ProcessorCount;

    internal void Validate()
    {
        if (!(BudgetSeconds > 0)) throw new ArgumentException($"BudgetSeconds is {BudgetSeconds}; it must be above 0.");
        if (MaxRank is < 8 or > 2048) throw new ArgumentException($"MaxRank is {MaxRank}; it must be in 8..2048.");
        if (MaxUsers < 1) throw new ArgumentException($"MaxUsers is {MaxUsers}; it must be at least 1.");
    }
}
