using Recommender.Storage.Postgres;
using Xunit;

namespace Recommender.Storage.Tests;

public sealed class PostgresTracingTests
{
    [Theory]
    [InlineData("SELECT 1", "SELECT")]
    [InlineData("\n  insert into users values ($1)", "INSERT")]
    [InlineData("-- Locks first.\n-- Then the rest.\nwith a as (select 1) select * from a", "WITH")]
    [InlineData("", null)]
    [InlineData("-- nothing else", null)]
    [InlineData("(SELECT 1)", null)]
    public void A_span_is_named_after_the_first_keyword(string sql, string? name) => Assert.Equal(name, PostgresTracing.OperationOf(sql));
}
