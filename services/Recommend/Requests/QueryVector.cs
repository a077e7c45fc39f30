namespace Recommender.Recommend.Requests;

/// <summary>The content vector of a query.</summary>
/// <param name="Model">Encoder of the vector.</param>
/// <param name="Numbers">Of length 1.</param>
internal sealed record QueryVector(string Model, float[] Numbers);
