namespace Recommender.ServiceDefaults.Keys;

internal sealed record KeyFile(IReadOnlyList<ApiKeyEntry> Keys);
