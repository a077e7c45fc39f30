using Recommender.Api.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(EmbeddedProduct))]
