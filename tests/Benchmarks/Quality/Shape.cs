using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Benchmarks.Quality;

/// <summary>Generated data of one kind: what may be learned from, and a test part that neither side of a comparison sees.</summary>
/// <param name="Search">What the search judges by, of the training part alone.</param>
internal sealed record Shape(string Name, Split Split, SearchSplits Search)
{
    public static Shape Untimed(string name, Split split) => new(name, split, RandomSplits.ForSearch(split.Train));
}
