using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Recommender.Benchmarks.Harness;

/// <summary>The content of a result file. The properties below <see cref="DateUtc"/> describe this machine and process.</summary>
internal sealed record BenchmarkResult
{
    public required string Verb { get; init; }

    /// <summary>Options in effect, by name without dashes.</summary>
    public required IReadOnlyDictionary<string, object?> Options { get; init; }

    /// <summary>The object of the last stdout line.</summary>
    public required JsonObject Figures { get; init; }

    /// <summary>Those of the figures that bound or reference the others.</summary>
    public required IReadOnlyDictionary<string, JsonNode?> Floor { get; init; }

    /// <summary>By figure: over repetitions, or over the rounds of a verb that has rounds.</summary>
    public required IReadOnlyDictionary<string, Spread> Spread { get; init; }

    /// <summary>The figures of each repetition; empty without repetitions.</summary>
    public required IReadOnlyList<JsonObject> Runs { get; init; }

    /// <summary>Null if the program is not inside a git repository.</summary>
    public required string? Commit { get; init; }

    /// <summary>Tracked files differ from the commit.</summary>
    public required bool? Dirty { get; init; }

    public DateTime DateUtc { get; init; } = DateTime.UtcNow;

    public string Cpu { get; } = Machine.CpuModel();

    public int Cores { get; } = Environment.ProcessorCount;

    /// <summary>Instructions that retrieval uses, such as <c>avx512</c>.</summary>
    public string Kernel { get; } = Recommender.Retrieval.Kernels.Kernel.Default.Name;

    public long MemoryBytes { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public string Os { get; } = RuntimeInformation.OSDescription;

    public string Dotnet { get; } = RuntimeInformation.FrameworkDescription;
}
