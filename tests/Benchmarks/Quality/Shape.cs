using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Benchmarks.Quality;

/// <summary>Generated data of one kind: a training part, and a test part that neither side of a comparison sees.</summary>
/// <param name="Search">Hold-outs of the training part, for the search.</param>
internal sealed record Shape(string Name, Split Split, SearchSplits Search)
{
    public static Shape Untimed(string name, Split split) => new(name, split, RandomSplits.ForSearch(split.Train));
}
