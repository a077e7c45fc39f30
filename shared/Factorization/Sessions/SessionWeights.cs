namespace Recommender.Factorization.Sessions;

/// <summary>
/// How the terms of a next-item score are added, by <see cref="SessionModel"/> and by <see cref="Mixing.SessionMix"/>. The encoder's score
/// enters as it is. Scores of rules and of neighbours enter as shares of their sum over all items of one request, recent popularity as a
/// share of all events, popularity as the logarithm of 1 + count. A weight counts only where its term exists.
/// </summary>
public sealed record SessionWeights
{
    /// <summary>Weight of the encoder's score, 0 or more.</summary>
    public double Encoder { get; init; } = 1;

    /// <summary>Weight of the share by transitions, 0 or more.</summary>
    public double Rules { get; init; }

    /// <summary>Weight of the share by neighbour sessions, 0 or more.</summary>
    public double Neighbours { get; init; }

    /// <summary>Weight of the score of the served model, 0 or more.</summary>
    public double Model { get; init; }

    /// <summary>Weight of log(1 + count in training), any sign.</summary>
    public double Popularity { get; init; }

    /// <summary>Weight of the share of the events of the last hours, 0 or more.</summary>
    public double RecentHours { get; init; }

    /// <summary>Weight of the share of the events of the last day, 0 or more.</summary>
    public double RecentDay { get; init; }

    /// <summary>Weight of the share of the events of the last week, 0 or more.</summary>
    public double RecentWeek { get; init; }

    /// <summary>Added to the newest item of the history itself, any sign.</summary>
    public double RepeatNewest { get; init; }

    /// <summary>Added to every other item of the history, any sign.</summary>
    public double RepeatOlder { get; init; }

    /// <exception cref="ArgumentException">A weight is out of range; the message contains the name and the range.</exception>
    public void Validate()
    {
        Require(Encoder, nameof(Encoder), 0);
        Require(Rules, nameof(Rules), 0);
        Require(Neighbours, nameof(Neighbours), 0);
        Require(Model, nameof(Model), 0);
        Require(RecentHours, nameof(RecentHours), 0);
        Require(RecentDay, nameof(RecentDay), 0);
        Require(RecentWeek, nameof(RecentWeek), 0);
        Require(Popularity, nameof(Popularity), double.MinValue);
        Require(RepeatNewest, nameof(RepeatNewest), double.MinValue);
        Require(RepeatOlder, nameof(RepeatOlder), double.MinValue);
    }

    /// <summary>The combined score from the terms of one item.</summary>
    public float Combine(in SessionTerms terms) =>
        (float)((Encoder * terms.Encoder) + (Rules * terms.Rules) + (Neighbours * terms.Neighbours) + (Model * terms.Model)
        + (Popularity * terms.Popularity) + (RecentHours * terms.RecentHours) + (RecentDay * terms.RecentDay)
        + (RecentWeek * terms.RecentWeek) + RepeatOf(terms.Repeat));

    /// <summary>All weights divided by a number above 0, which changes no ranking.</summary>
    internal SessionWeights DividedBy(double divisor) => new()
    {
        Encoder = Encoder / divisor,
        Rules = Rules / divisor,
        Neighbours = Neighbours / divisor,
        Model = Model / divisor,
        Popularity = Popularity / divisor,
        RecentHours = RecentHours / divisor,
        RecentDay = RecentDay / divisor,
        RecentWeek = RecentWeek / divisor,
        RepeatNewest = RepeatNewest / divisor,
        RepeatOlder = RepeatOlder / divisor,
    };

    /// <summary>What an item of the history adds to its own score.</summary>
    /// <param name="position">1: the newest item; 0: not in the history.</param>
    public double RepeatOf(int position) => position switch { 0 => 0, 1 => RepeatNewest, _ => RepeatOlder };

    private static void Require(double weight, string name, double least)
    {
        if (!(weight >= least) || double.IsPositiveInfinity(weight))
            throw new ArgumentException($"{name} is {weight}; it must be {(least == 0 ? "finite and 0 or more" : "finite")}.");
    }
}
