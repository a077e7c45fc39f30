namespace Recommender.Benchmarks.Quality;

/// <summary>Recall@20 among items whose events were withheld from training.</summary>
/// <param name="Popularity">Recall of ranking by the number of training events that share a label with the item.</param>
internal sealed record ColdResult(int Items, int Users, double Content, double Popularity, double Random);
