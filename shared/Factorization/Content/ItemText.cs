namespace Recommender.Factorization.Content;

/// <summary>Content of an item.</summary>
public sealed record ItemText
{
    public string? Title { get; init; }

    /// <summary>Categories, tags, brands and the like. Each label is one feature.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Numbers by name, such as price or year. Each is binned by its logarithm.</summary>
    public IReadOnlyList<(string Name, double Value)> Numbers { get; init; } = [];

    /// <summary>Content embedding; null if the item has none.</summary>
    public IReadOnlyList<float>? Vector { get; init; }
}
