namespace Recommender.ServiceDefaults.Keys;

/// <summary>Scopes of keys.</summary>
public static class Scopes
{
    public const string Ingest = "ingest";
    public const string Read = "read";

    /// <summary>Includes the other scopes.</summary>
    public const string Admin = "admin";

    public static IReadOnlyList<string> All { get; } = [Ingest, Read, Admin];
}
