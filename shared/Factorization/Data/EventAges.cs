namespace Recommender.Factorization.Data;

/// <summary>Interactions in the order given, with ages as shares of the time that all of them span: 0 the newest, 1 the oldest.</summary>
/// <param name="Weights">Null when every weight is 1.</param>
/// <param name="Targets">Null when every target is 1.</param>
public sealed record EventAges(int[] Users, int[] Items, float[] Ages, float[]? Weights, float[]? Targets)
{
    /// <summary>Weight × target of an interaction.</summary>
    public float Positive(int e) => (Weights is null ? 1 : Weights[e]) * (Targets is null ? 1 : Targets[e]);
}
