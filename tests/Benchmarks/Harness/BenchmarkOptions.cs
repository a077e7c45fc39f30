using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Recommender.Benchmarks.Harness;

/// <summary>Options that check their value. An error is one line: the option, the allowed values and the given one.</summary>
internal static class BenchmarkOptions
{
    public static BenchmarkOption<T> Number<T>(string name, string description, T value, T least, T? most = null)
        where T : struct, INumber<T> => Number(name, description, _ => value, least, most);

    /// <param name="value">Computes the default, from other options if need be.</param>
    public static BenchmarkOption<T> Number<T>(string name, string description, Func<ArgumentResult, T> value, T least, T? most = null)
        where T : struct, INumber<T> =>
        new(name, description) { DefaultValueFactory = value, CustomParser = result => Parse(name, result, least, most) ?? default };

    /// <summary>A number that may be left out.</summary>
    public static BenchmarkOption<T?> OptionalNumber<T>(string name, string description, T least, T? most = null)
        where T : struct, INumber<T> => new(name, description) { CustomParser = result => Parse(name, result, least, most) };

    public static BenchmarkOption<string> Choice(string name, string description, string value, params string[] choices) =>
        new(name, description)
        {
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                string given = result.Tokens[0].Value;
                if (!choices.Contains(given)) result.AddError($"{name} must be {string.Join(" or ", choices)}; got {given}.");
                return given;
            },
        };

    public static BenchmarkOption<int> Threads() =>
        Number("--threads", "Threads that train, search and judge. Default: one per processor.", _ => Environment.ProcessorCount, least: 1);

    public static BenchmarkOption<string> Mode() =>
        Choice("--mode", "servers (RabbitMQ, PostgreSQL, Redis) or embedded (everything in one process).", "servers",
            "servers", "embedded");

    private static T? Parse<T>(string name, ArgumentResult result, T least, T? most) where T : struct, INumber<T>
    {
        string given = result.Tokens[0].Value;
        if (T.TryParse(given, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number) && number >= least
            && !(most is { } top && number > top)) return number;
        string allowed = most is { } limit ? $"between {least} and {limit}" : $"at least {least}";
        result.AddError($"{name} must be {(typeof(T) == typeof(int) ? "a whole number, " : "")}{allowed}; got {given}.");
        return null;
    }
}
