namespace Recommender.ServiceDefaults;

internal sealed record HealthEntry(string Name, string Status, string? Detail);
