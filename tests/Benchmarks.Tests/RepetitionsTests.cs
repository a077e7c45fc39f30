using System.Text.Json.Nodes;
using Recommender.Benchmarks.Harness;

namespace Recommender.Benchmarks.Tests;

/// <summary>Medians and spread of several repetitions.</summary>
public sealed class RepetitionsTests
{
    private static readonly JsonObject[] s_runs =
    [
        Parse("""{"rate": 30, "mode": "a", "stages": {"storing": {"p50Ms": 2.5}}, "rare": 1, "settings": {"rank": 64}}"""),
        Parse("""{"rate": 10, "mode": "a", "stages": {"storing": {"p50Ms": 1.5}}, "settings": {"rank": 8}}"""),
        Parse("""{"rate": 20, "mode": "b", "stages": {"storing": {"p50Ms": 9.5}}, "rare": 5, "settings": {"rank": 16}}"""),
    ];

    [Fact]
    public void Numbers_of_all_repetitions_become_medians_and_the_rest_is_of_the_last()
    {
        var expected = Parse("""{"rate": 20, "mode": "b", "stages": {"storing": {"p50Ms": 2.5}}, "rare": 5, "settings": {"rank": 16}}""");
        Assert.True(JsonNode.DeepEquals(expected, Repetitions.Median(s_runs)), Repetitions.Median(s_runs).ToJsonString());
    }

    [Fact]
    public void The_median_of_an_even_number_is_a_measured_value() =>
        Assert.Equal(10, (int)Repetitions.Median(s_runs[..2])["rate"]!);

    [Fact]
    public void Spread_is_by_path()
    {
        var spreads = Repetitions.Spreads(s_runs);
        Assert.Equal(["rate", "stages.storing.p50Ms"], spreads.Keys.Order());
        Assert.Equal(new Spread("repetitions", 3, 10, 20, 30, 10), spreads["rate"]);
        Assert.Equal(0, Spread.Of("rounds", [7]).StandardDeviation);
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
