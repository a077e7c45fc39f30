namespace Recommender.Factorization.Content;

/// <summary>What is known of one item besides its events.</summary>
public sealed record ItemText
{
    public string? Title { get; init; }

    /// <summary>Categories, tags, brands …: each counts as a whole.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Named numbers: price, year …; turned into coarse steps of their logarithm.</summary>
    public IReadOnlyList<(string Name, double Value)> Numbers { get; init; } = [];

    /// <summary>The caller's own embedding; null where there is none.</summary>
    public IReadOnlyList<float>? Vector { get; init; }
}
