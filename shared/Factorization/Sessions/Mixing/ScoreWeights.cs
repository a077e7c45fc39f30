namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>How much each term of a score counts, relative to the released model's score.</summary>
/// <param name="Model">1, or 0 where the other terms alone are better.</param>
/// <param name="Transitions">Of the sum of what followed the newest items of the history. 0 or more.</param>
/// <param name="Popularity">Of the share of the most popular item's recent popularity. 0 or more.</param>
public sealed record ScoreWeights(float Model, float Transitions, float Popularity)
{
    /// <summary>The model's score alone.</summary>
    public static ScoreWeights ModelAlone { get; } = new(1, 0, 0);
}
