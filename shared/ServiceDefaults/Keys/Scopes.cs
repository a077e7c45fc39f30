namespace Recommender.ServiceDefaults.Keys;

/// <summary>What a key may do.</summary>
public static class Scopes
{
    public const string Ingest = "ingest";
    public const string Read = "read";

    /// <summary>Includes the other two.</summary>
    public const string Admin = "admin";

    public static IReadOnlyList<string> All { get; } = [Ingest, Read, Admin];
}
