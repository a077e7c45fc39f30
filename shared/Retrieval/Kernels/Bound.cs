namespace Recommender.Retrieval.Kernels;

/// <summary>Turns the integer dot product of a quantized query and row into an upper bound of the float32 score.</summary>
/// <param name="Unit">Scale of the quantized query.</param>
/// <param name="Slack">Error per unit of the row's scale.</param>
/// <param name="Rest">Error that does not depend on the row's scale.</param>
internal readonly record struct Bound(float Unit, float Slack, float Rest)
{
    public float Upper(int sum, float scale) => (scale * ((Unit * sum) + Slack)) + Rest;
}
