using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>Weights that can be served, and how well they answer the questions of a replay.</summary>
/// <param name="Weights">Either the encoder's weight is 1 and the model's 0, or the other way round.</param>
/// <param name="Mix">Of <paramref name="Weights"/>.</param>
/// <param name="Model">Of the served model's score alone.</param>
/// <param name="Rules">Of transitions alone.</param>
public sealed record ServedWeights(SessionWeights Weights, NextItemResult Mix, NextItemResult Model, NextItemResult Rules)
{
    /// <summary>The served model's score alone.</summary>
    public static SessionWeights ModelAlone { get; } = new() { Encoder = 0, Model = 1 };
}
