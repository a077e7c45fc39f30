namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>How <see cref="TransitionRules"/> counts pairs of one session.</summary>
public sealed record TransitionRuleSettings
{
    /// <summary>
    /// Plain sequential rules: j after i counts 1 / distance within ten steps, and the rows of the ten newest items are added with weight 1
    /// / rank.
    /// </summary>
    public static TransitionRuleSettings Sequential { get; } = new()
    {
        Table = new TransitionSettings
        {
            RowLength = 4096,
            Normalization = 0
        }
    };

    /// <summary>Rows and scores.</summary>
    public TransitionSettings Table { get; init; } = new() { RowLength = 500 };

    /// <summary>Items at most this many places apart are counted, 1..100.</summary>
    public int Window { get; init; } = 10;

    /// <summary>q: items d places apart count d^−q, 0..4.</summary>
    public double DistancePower { get; init; } = 1;

    /// <summary>Weight of "the earlier item came before the later one", counted in the row of the later one, 0..1.</summary>
    public double Backward { get; init; }

    /// <summary>A pair counts half for every this share of the sessions that are newer, 0..100. 0: age is irrelevant.</summary>
    public double HalfLife { get; init; }

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Table.Validate();
        Require(Window is >= 1 and <= 100, nameof(Window), Window, "in 1..100");
        Require(DistancePower is >= 0 and <= 4, nameof(DistancePower), DistancePower, "in 0..4");
        Require(Backward is >= 0 and <= 1, nameof(Backward), Backward, "in 0..1");
        Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
