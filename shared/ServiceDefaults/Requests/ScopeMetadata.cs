namespace Recommender.ServiceDefaults.Requests;

/// <param name="Scope">Null opens the endpoint to everyone.</param>
internal sealed record ScopeMetadata(string? Scope);
