namespace Recommender.Factorization.Sessions.Neighbours;

/// <summary>Settings of <see cref="SessionNeighbours"/>.</summary>
public sealed record SessionNeighbourSettings
{
    /// <summary>m: newest sessions per item that are compared, 1..100000.</summary>
    public int SessionsPerItem { get; init; } = 1000;

    /// <summary>k: most similar sessions that are used, 1..10000.</summary>
    public int Neighbours { get; init; } = 200;

    /// <summary>Newest items of a history that are compared, 1..100.</summary>
    public int HistoryLength { get; init; } = 20;

    /// <summary>The n-th newest item of a history weighs this to the power n − 1 in the similarity, above 0, at most 1.</summary>
    public double PositionDecay { get; init; } = .7;

    /// <summary>An item n places from the newest matching item of a neighbour weighs this to the power n − 1, above 0, at most 1.</summary>
    public double DistanceDecay { get; init; } = .8;

    /// <summary>Weight of items before the newest matching item of a neighbour against those after it, 0..1.</summary>
    public double Backward { get; init; } = .8;

    /// <summary>Weight of the newest matching item itself as a candidate, 0..10; of use where items repeat.</summary>
    public double MatchWeight { get; init; } = 1;

    /// <summary>Items count by their inverse frequency, log(1 + sessions / frequency), to this power, 0..2.</summary>
    public double InverseFrequencyPower { get; init; } = .5;

    /// <summary>
    /// The similarity of a neighbour halves for every this share of the sessions that are newer, 0..100. 0: age is irrelevant.
    /// </summary>
    public double HalfLife { get; init; }

    /// <summary>A neighbour's similarity is divided by its length to this power, 0..1.</summary>
    public double LengthPower { get; init; } = .5;

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(SessionsPerItem is >= 1 and <= 100_000, nameof(SessionsPerItem), SessionsPerItem, "in 1..100000");
        Require(Neighbours is >= 1 and <= 10_000, nameof(Neighbours), Neighbours, "in 1..10000");
        Require(HistoryLength is >= 1 and <= 100, nameof(HistoryLength), HistoryLength, "in 1..100");
        Require(PositionDecay is > 0 and <= 1, nameof(PositionDecay), PositionDecay, "above 0, at most 1");
        Require(DistanceDecay is > 0 and <= 1, nameof(DistanceDecay), DistanceDecay, "above 0, at most 1");
        Require(Backward is >= 0 and <= 1, nameof(Backward), Backward, "in 0..1");
        Require(MatchWeight is >= 0 and <= 10, nameof(MatchWeight), MatchWeight, "in 0..10");
        Require(InverseFrequencyPower is >= 0 and <= 2, nameof(InverseFrequencyPower), InverseFrequencyPower, "in 0..2");
        Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");
        Require(LengthPower is >= 0 and <= 1, nameof(LengthPower), LengthPower, "in 0..1");
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
