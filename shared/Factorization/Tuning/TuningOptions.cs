namespace Recommender.Factorization.Tuning;

public sealed record TuningOptions
{
    /// <summary>Seconds of training and judging to spend; a trial that has begun is finished.</summary>
    public double BudgetSeconds { get; init; } = 300;

    /// <summary>Longest factor to try, 8..2048.</summary>
    public int MaxRank { get; init; } = 128;

    /// <summary>Whether an item–item term may win, with factors or alone. Otherwise models have factors only.</summary>
    public bool AllowNeighbourhood { get; init; } = true;

    /// <summary>Users judged per trial, all hold-outs together, evenly chosen; more are slower and less noisy. In the final more on each
    /// split.</summary>
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
