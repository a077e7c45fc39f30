using Recommender.EndToEnd;
using Recommender.TestKit;
using Xunit;
using Xunit.v3;

// Much of each test is waiting: for a server to come back, for a frozen connection to be noticed, for an erasure to settle. Two at a time
// fill that;
// more would only slow each other down.
[assembly: Parallelization(MaxThreads = 2)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

[assembly: AssemblyFixture(typeof(Servers))]
