namespace Recommender.ServiceDefaults.Requests;

/// <param name="Scope">Required scope; null if no key is required.</param>
internal sealed record ScopeMetadata(string? Scope);
