using System.CommandLine;
using Recommender.Benchmarks.Baskets;
using Recommender.Benchmarks.Content;
using Recommender.Benchmarks.Quality;
using Recommender.Benchmarks.Replay;
using Recommender.Benchmarks.Running;
using Recommender.Benchmarks.Search;
using Recommender.Benchmarks.Sessions;
using Recommender.Benchmarks.Transitions;

namespace Recommender.Benchmarks;

/// <summary>Every benchmark, by the name it is run with.</summary>
internal static class Verbs
{
    public static IEnumerable<Command> All()
    {
        yield return QualityVerb.Create();
        yield return TopKVerb.Create();
        yield return TrainVerb.Create();
        yield return ShapesVerb.Create();
        yield return IngestVerb.Create();
        yield return FreshnessVerb.Create();
        yield return ServeVerb.Create();
        yield return SimilarUsersVerb.Create();
        yield return SessionsVerb.Create();
        yield return SequencesVerb.Create();
        yield return ReplayVerb.Create();
        yield return BasketsVerb.Create();
        yield return TransitionsVerb.Create();
        yield return EncodeVerb.Create();
        yield return SearchVerb.Create();
    }
}
