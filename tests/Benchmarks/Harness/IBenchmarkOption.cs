using System.CommandLine;

namespace Recommender.Benchmarks.Harness;

/// <summary>An option of a benchmark, whatever its type.</summary>
internal interface IBenchmarkOption
{
    /// <summary>With the dashes.</summary>
    string Name { get; }

    /// <summary>Without <c>--tiny</c> the option must be given.</summary>
    bool IsRequiredUnlessTiny { get; }

    /// <summary>The value in effect: with <c>--tiny</c> the tiny value, if there is one; else the given value; else the default.</summary>
    object? ValueOf(ParseResult parsed, bool isTiny);
}
