using Recommender.EndToEnd.Faults;
using Recommender.EndToEnd.Pages;
using Xunit.Sdk;
using Xunit.v3;

namespace Recommender.EndToEnd;

/// <summary>Starts the longest test first, so that it runs in parallel with the others.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_long = [nameof(DisturbanceTests), nameof(ServersTests), nameof(AppHostTests), nameof(DashboardTests),
        nameof(ClusterTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection =>
            Array.FindIndex(s_long, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is var place
            && place < 0 ? s_long.Length : place)];
}
