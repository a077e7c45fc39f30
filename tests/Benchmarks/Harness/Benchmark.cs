using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Recommender.Benchmarks.Harness;

/// <summary>
/// A verb. Progress goes to stderr, the figures are one JSON object in the last line of stdout, and a file has them again with the options
/// in effect, the commit, the machine and the spread. Every verb has <c>--tiny</c>, <c>--repeat</c> and <c>--results</c>.
/// </summary>
internal sealed class Benchmark : Command
{
    private readonly IBenchmarkOption[] _options;
    private readonly Option<bool> _tiny = new("--tiny")
    {
        Description = "Smallest sizes, shortest times and generated data, whatever other options state: a check that the verb works.",
    };
    private readonly BenchmarkOption<int> _repeat =
        BenchmarkOptions.Number("--repeat", "Measures this many times; figures are medians then.", 1, least: 1);
    private readonly Option<string?> _results = new("--results")
    {
        Description = "Folder of the result file, or - for no file. Default: artifacts/benchmarks in the repository of the current folder.",
    };

    /// <param name="options">Of the verb itself; each is an <see cref="IBenchmarkOption"/>.</param>
    public Benchmark(string name, string description, params Option[] options) : base(name, description)
    {
        _options = [.. options.Cast<IBenchmarkOption>()];
        foreach (var option in (Option[])[.. options, _tiny, _repeat, _results]) Options.Add(option);
        Validators.Add(result =>
        {
            if (result.GetValue(_tiny)) return;
            foreach (var option in _options.Where(o => o.IsRequiredUnlessTiny && result.GetResult((Option)o) is null))
                result.AddError($"{name} needs {option.Name}, or --tiny for generated data.");
        });
        SetAction(RunAsync);
    }

    /// <summary>Returns the figures: an object that becomes one JSON object.</summary>
    public required Func<BenchmarkRun, CancellationToken, Task<object>> Measure { get; init; }

    /// <summary>Names of the figures that bound or reference the others.</summary>
    public string[] Floor { get; init; } = [];

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        bool isTiny = parsed.GetValue(_tiny);
        int repeat = parsed.GetValue(_repeat);
        // Before the measurement, so that a folder that cannot be written costs no measurement.
        string? folder = ResultFile.CreateFolder(parsed.GetValue(_results));
        var runs = new List<JsonObject>();
        BenchmarkRun run;
        do
        {
            if (repeat > 1) Console.Error.WriteLine($"Repetition {runs.Count + 1} of {repeat}…");
            run = new BenchmarkRun(parsed, isTiny);
            runs.Add((JsonObject)JsonSerializer.SerializeToNode(await Measure(run, cancellation), JsonSerializerOptions.Web)!);
        }
        while (runs.Count < repeat);

        var figures = repeat == 1 ? runs[0] : Repetitions.Median(runs);
        if (folder is not null)
        {
            var options = _options.ToDictionary(option => option.Name.TrimStart('-'), option => option.ValueOf(parsed, isTiny));
            options["tiny"] = isTiny;
            options["repeat"] = repeat;
            var source = SourceVersion.Read();
            string path = await ResultFile.WriteAsync(folder, new BenchmarkResult
            {
                Verb = Name,
                Options = options,
                Figures = figures,
                Floor = Floor.ToDictionary(name => name, name => figures[name]?.DeepClone()),
                Spread = repeat == 1 ? run.Rounds : Repetitions.Spreads(runs),
                Runs = repeat == 1 ? [] : runs,
                Commit = source.Commit,
                Dirty = source.IsDirty,
            }, cancellation);
            Console.Error.WriteLine($"Results: {path}");
        }

        Console.WriteLine(figures.ToJsonString());
        return 0;
    }
}
