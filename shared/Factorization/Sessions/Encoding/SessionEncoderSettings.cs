namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>
/// Settings of <see cref="SessionEncoder"/>. Same sessions, settings and seed give the same bits for any number of threads.
/// </summary>
public sealed record SessionEncoderSettings
{
    /// <summary>Length of an item vector: a multiple of 16 in 16..512.</summary>
    public int Rank { get; init; } = 160;

    /// <summary>Passes over all pairs, 1..100.</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>Newest items of a session that its vector is made of, 1..100.</summary>
    public int HistoryLength { get; init; } = 20;

    /// <summary>Divides the cosine before the softmax, above 0, at most 10.</summary>
    public double Temperature { get; init; } = .07;

    /// <summary>Negatives drawn per batch in addition to the items of the batch, 0..65536.</summary>
    public int Negatives { get; init; } = 1024;

    /// <summary>Negatives are drawn in proportion to popularity to this power, 0..1.</summary>
    public double NegativePower { get; init; } = .5;

    /// <summary>Pairs per step, 1..4096.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Step length of Adam at the start, above 0, at most 1. It falls linearly to zero.</summary>
    public double LearningRate { get; init; } = .002;

    /// <summary>Share of the axes of a session vector that is zeroed in training, 0..0.9.</summary>
    public double Dropout { get; init; } = .4;

    /// <summary>Whether an item of the session may be the next item.</summary>
    public bool Repeats { get; init; } = true;

    /// <summary>
    /// The weight of a pair halves for every this share of the sessions that are newer, 0..100. 0: all pairs weigh the same.
    /// </summary>
    public double HalfLife { get; init; }

    public int Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A setting is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(Rank is >= 16 and <= 512 && Rank % 16 == 0, nameof(Rank), Rank, "a multiple of 16 in 16..512");
        Require(Epochs is >= 1 and <= 100, nameof(Epochs), Epochs, "in 1..100");
        Require(HistoryLength is >= 1 and <= 100, nameof(HistoryLength), HistoryLength, "in 1..100");
        Require(Temperature is > 0 and <= 10, nameof(Temperature), Temperature, "above 0, at most 10");
        Require(Negatives is >= 0 and <= 65536, nameof(Negatives), Negatives, "in 0..65536");
        Require(NegativePower is >= 0 and <= 1, nameof(NegativePower), NegativePower, "in 0..1");
        Require(BatchSize is >= 1 and <= 4096, nameof(BatchSize), BatchSize, "in 1..4096");
        Require(LearningRate is > 0 and <= 1, nameof(LearningRate), LearningRate, "above 0, at most 1");
        Require(Dropout is >= 0 and <= .9, nameof(Dropout), Dropout, "in 0..0.9");
        Require(HalfLife is >= 0 and <= 100, nameof(HalfLife), HalfLife, "in 0..100");
    }

    private static void Require(bool holds, string setting, object value, string range)
    {
        if (!holds) throw new ArgumentException($"{setting} is {value}; it must be {range}.");
    }
}
