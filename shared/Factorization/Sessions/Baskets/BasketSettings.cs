using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Baskets;

/// <summary>Settings of <see cref="BasketPairs"/> and <see cref="BasketRanking"/>.</summary>
/// <remarks>
/// The defaults were chosen on the training part of Online Retail. There rows of 256 lose nothing against complete rows, rows of 100 a
/// quarter of the recall, and rows of 50 two thirds: what is bought together is spread over many items.
/// </remarks>
public sealed record BasketSettings
{
    /// <summary>Purchases without a session id that are further apart than this belong to different baskets, in milliseconds, 0 or
    /// more.</summary>
    public long GapMs { get; init; } = 30 * 60_000;

    /// <summary>A purchase is paired with at most this many purchases before it, 1..1000.</summary>
    public int Window { get; init; } = 100;

    /// <summary>c: a pair with the k-th item before counts 1 / (k items + c), 0 or more. Large baskets say less about each pair.</summary>
    public double Damping { get; init; } = 5;

    /// <summary>Items kept for each item, 1..4096. A full row takes 8 bytes per entry.</summary>
    public int RowLength { get; init; } = 256;

    /// <summary>Age at which a pair counts half, in milliseconds, 1,000 or more; 0: age is irrelevant.</summary>
    public long HalfLifeMs { get; init; } = 150L * 24 * 3_600_000;

    /// <summary>p: how much the popularity of the other item counts against it, 0..1; see <see cref="BasketRanking"/>.</summary>
    public double PopularityPower { get; init; } = 0.25;

    /// <summary>s: is added to the popularity of both items, 0 or more: rare pairs score lower.</summary>
    public double Shrinkage { get; init; } = 2;

    /// <summary>Settings of the table of rows.</summary>
    public TransitionSettings Rows => new() { RowLength = RowLength, HalfLifeMs = HalfLifeMs, Normalization = 0, PositionPower = 0 };

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(GapMs >= 0, nameof(GapMs), GapMs, "0 or more");
        Require(Window is >= 1 and <= 1000, nameof(Window), Window, "in 1..1000");
        Require(Damping is >= 0 and < double.PositiveInfinity, nameof(Damping), Damping, "0 or more");
        Require(PopularityPower is >= 0 and <= 1, nameof(PopularityPower), PopularityPower, "in 0..1");
        Require(Shrinkage is >= 0 and < double.PositiveInfinity, nameof(Shrinkage), Shrinkage, "0 or more");
        Rows.Validate();
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
