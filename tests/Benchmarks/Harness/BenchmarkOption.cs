using System.CommandLine;

namespace Recommender.Benchmarks.Harness;

/// <summary>An option of a benchmark. <c>--tiny</c> replaces its value, given or default, if it has a tiny value.</summary>
internal sealed class BenchmarkOption<T> : Option<T>, IBenchmarkOption
{
    private bool _hasTiny;
    private T? _tiny;

    public BenchmarkOption(string name, string description) : base(name) => Description = description;

    public bool IsRequiredUnlessTiny { get; init; }

    /// <summary>Sets the value that <c>--tiny</c> puts in place of any other.</summary>
    public BenchmarkOption<T> WithTiny(T value)
    {
        (_hasTiny, _tiny) = (true, value);
        return this;
    }

    /// <inheritdoc cref="IBenchmarkOption.ValueOf"/>
    public T ValueOf(ParseResult parsed, bool isTiny) => isTiny && _hasTiny ? _tiny! : parsed.GetValue(this)!;

    object? IBenchmarkOption.ValueOf(ParseResult parsed, bool isTiny) => ValueOf(parsed, isTiny);
}
