using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>Counts allocations of the whole process, so no other test may run at the same time.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;
