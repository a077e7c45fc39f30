using Recommender.EndToEnd;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Much of each test is waiting: for a server to come back, for a frozen connection to be noticed, for an erasure to settle. Two at a time fill that;
// more would only slow each other down.
[assembly: Parallelization(MaxThreads = 2)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Recommender.EndToEnd;

/// <summary>The longest test beside all the others, instead of alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = [nameof(DisturbanceTests), nameof(ServersTests), nameof(AppHostTests), nameof(DashboardTests),
        nameof(ClusterTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Array.FindIndex(Long, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is var place && place < 0 ? Long.Length : place)];
}
