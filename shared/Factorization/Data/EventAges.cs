namespace Recommender.Factorization.Data;

/// <summary>Interactions in the given order, with ages as fractions of their total time span: 0 for the newest, 1 for the oldest.</summary>
/// <param name="Weights">Null when every weight is 1.</param>
/// <param name="Targets">Null when every target is 1.</param>
public sealed record EventAges(int[] Users, int[] Items, float[] Ages, float[]? Weights, float[]? Targets)
{
    /// <summary>Weight × target of an interaction.</summary>
    public float Positive(int e) => (Weights is null ? 1 : Weights[e]) * (Targets is null ? 1 : Targets[e]);
}
