namespace Recommender.ServiceDefaults;

internal sealed record HealthBody(string Status, IReadOnlyList<HealthEntry> Checks);
