namespace Recommender.ServiceDefaults.Api;

/// <summary>The body that an operation reads.</summary>
/// <param name="Element">Type of the body, or of its elements where <paramref name="IsMany"/>.</param>
/// <param name="IsMany">Whether it takes an array or NDJSON. A single element without the array is accepted as well.</param>
/// <param name="ContentTypes">The usual one first.</param>
/// <param name="Example">JSON of the body; an array where <paramref name="IsMany"/>.</param>
public sealed record OperationBody(Type Element, bool IsMany, IReadOnlyList<string> ContentTypes, string Example)
{
    internal static OperationBody Of<T>(string example) => new(typeof(T), IsMany: false, ["application/json"], example);
}
