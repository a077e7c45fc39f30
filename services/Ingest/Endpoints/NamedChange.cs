namespace Recommender.Ingest.Endpoints;

/// <summary>What an element of a body holds in addition to the item.</summary>
internal sealed record NamedChange
{
    public string? ChangeId { get; init; }
}
