namespace Recommender.ServiceDefaults.Api;

/// <summary>A successful answer of an operation.</summary>
/// <param name="Type">Type of the body, or of one line of it for NDJSON; null for an empty body.</param>
/// <param name="Example">JSON of the body, or of one line of it; null for an empty body.</param>
public sealed record OperationAnswer(int Status, string Description, Type? Type, string? Example)
{
    public string ContentType { get; init; } = "application/json";

    /// <summary>Headers of the answer with their descriptions.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    internal static OperationAnswer Of<T>(int status, string description, string example) =>
        new(status, description, typeof(T), example);
}
