using Recommender.TestKit;

[assembly: AssemblyFixture(typeof(Servers))]
