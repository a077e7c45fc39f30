using Recommender.Retrieval;

namespace Recommender.Recommend.Requests;

/// <summary>The content vector of a query. Requests with the same query share it, and what was found by it.</summary>
/// <param name="model">Encoder of the vector.</param>
/// <param name="numbers">Of length 1.</param>
internal sealed class QueryVector(string model, float[] numbers)
{
    private volatile Finding? _finding;

    public string Model => model;

    public ReadOnlySpan<float> Numbers => numbers;

    /// <summary>What was found by it at a version of the catalogue's vectors; null if nothing was.</summary>
    public ScoredItem[]? FoundAt(object source, long version) =>
        _finding is { } finding && ReferenceEquals(finding.Source, source) && finding.Version == version ? finding.Items : null;

    /// <summary>Keeps what was found, in place of anything earlier.</summary>
    public void Keep(object source, long version, ScoredItem[] items) => _finding = new(source, version, items);

    private sealed record Finding(object Source, long Version, ScoredItem[] Items);
}
