using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]
