namespace Recommender.Factorization.Sessions;

/// <summary>
/// How the terms of a <see cref="SessionModel"/> are added. The encoder's score enters as it is, scores of rules and of neighbours as
/// shares of their sum over all items of one request, popularity as the logarithm of 1 + count.
/// </summary>
public sealed record SessionWeights
{
    /// <summary>Weight of the encoder's score, 0 or more.</summary>
    public double Encoder { get; init; } = 1;

    /// <summary>Weight of the share by counted transitions, 0 or more.</summary>
    public double Rules { get; init; }

    /// <summary>Weight of the share by neighbour sessions, 0 or more.</summary>
    public double Neighbours { get; init; }

    /// <summary>Weight of log(1 + count in training), any sign.</summary>
    public double Popularity { get; init; }

    /// <summary>Added to the newest item of the history itself, any sign.</summary>
    public double RepeatNewest { get; init; }

    /// <summary>Added to every other item of the history, any sign.</summary>
    public double RepeatOlder { get; init; }

    /// <summary>The combined score from the terms of one item.</summary>
    internal float Combine(in SessionTerms terms) =>
        (float)((Encoder * terms.Encoder) + (Rules * terms.Rules) + (Neighbours * terms.Neighbours)
        + (Popularity * terms.Popularity) + (terms.Repeat == 1 ? RepeatNewest : terms.Repeat > 1 ? RepeatOlder : 0));
}
