namespace Recommender.Benchmarks.Quality;

/// <summary>Recall@20 among items none of whose events were trained on.</summary>
/// <param name="Popularity">Of an item's labels: the summed events of trained items that share one, the user's own labels counting
/// alone.</param>
internal sealed record ColdResult(int Items, int Users, double Content, double Popularity, double Random);
