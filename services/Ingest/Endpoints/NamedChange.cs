namespace Recommender.Ingest.Endpoints;

/// <summary>Fields of an element of a body in addition to those of the item.</summary>
internal sealed record NamedChange
{
    public string? ChangeId { get; init; }
}
