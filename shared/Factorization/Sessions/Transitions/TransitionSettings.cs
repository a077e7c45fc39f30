namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>Settings of a <see cref="TransitionTable"/>.</summary>
public sealed record TransitionSettings
{
    /// <summary>Highest <see cref="RowLength"/>.</summary>
    public const int LongestRow = 4096;

    /// <summary>Entries kept per item, 1..4096.</summary>
    public int RowLength { get; init; } = 50;

    /// <summary>Age at which an entry counts half, in milliseconds, 1,000 or more; 0: entries keep their weight.</summary>
    public long HalfLifeMs { get; init; }

    /// <summary>p: the k-th newest item of a history weighs k^−p, 0..4.</summary>
    public double PositionPower { get; init; } = 1;

    /// <summary>Newest items of a history that are used, 1..100.</summary>
    public int HistoryLength { get; init; } = 10;

    /// <summary>q: a row is divided by its total weight to this power, 0..1. 0: scores are counts; 1: shares of the row.</summary>
    public double Normalization { get; init; } = 1;

    /// <summary>Is added to the total of a row before the division, 0 or more: rows with little evidence score lower.</summary>
    public double Shrinkage { get; init; }

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(RowLength is >= 1 and <= LongestRow, nameof(RowLength), RowLength, "in 1..4096");
        Require(HalfLifeMs is 0 or >= 1000, nameof(HalfLifeMs), HalfLifeMs, "0, or at least 1000");
        Require(PositionPower is >= 0 and <= 4, nameof(PositionPower), PositionPower, "in 0..4");
        Require(HistoryLength is >= 1 and <= 100, nameof(HistoryLength), HistoryLength, "in 1..100");
        Require(Normalization is >= 0 and <= 1, nameof(Normalization), Normalization, "in 0..1");
        Require(Shrinkage is >= 0 and < double.PositiveInfinity, nameof(Shrinkage), Shrinkage, "0 or more");
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
