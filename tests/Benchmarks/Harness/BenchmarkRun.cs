using System.CommandLine;

namespace Recommender.Benchmarks.Harness;

/// <summary>One measurement: the options in effect, and the rounds that the verb reports.</summary>
internal sealed class BenchmarkRun(ParseResult parsed, bool isTiny)
{
    private readonly Dictionary<string, Spread> _rounds = [];

    /// <summary>Sizes and times are the smallest that run all of the verb's code; generated data replaces public data.</summary>
    public bool IsTiny => isTiny;

    public IReadOnlyDictionary<string, Spread> Rounds => _rounds;

    public T Get<T>(BenchmarkOption<T> option) => option.ValueOf(parsed, isTiny);

    /// <summary>Keeps the spread of a figure that was measured in several rounds.</summary>
    public void RecordRounds(string figure, IReadOnlyList<double> values) => _rounds[figure] = Spread.Of("rounds", values);
}
