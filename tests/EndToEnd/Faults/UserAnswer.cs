using System.Text.Json;

namespace Recommender.EndToEnd.Faults;

/// <summary>
/// What a user is recommended, without what differs from run to run (ids of answers, versions). Two are equal if they have the same items
/// in the same order for the same reasons, and equal numbers to float tolerance: sums of decayed counts depend on the order in which
/// events arrived, in their last digits.
/// </summary>
internal sealed class UserAnswer(string source, JsonElement items) : IEquatable<UserAnswer>
{
    private const double Tolerance = 1e-4;

    public bool IsPersonal => source == "personal" && items.GetArrayLength() > 0;

    public bool Equals(UserAnswer? other) => other is not null && source == other.Source && AreEqual(items, other.Items);

    public override bool Equals(object? obj) => Equals(obj as UserAnswer);

    public override int GetHashCode() => HashCode.Combine(source, items.GetArrayLength());

    public override string ToString() => $"{source}: {items.GetRawText()}";

    private string Source => source;

    private JsonElement Items => items;

    private static bool AreEqual(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        switch (a.ValueKind)
        {
            case JsonValueKind.Number:
                return Math.Abs(a.GetDouble() - b.GetDouble()) <= Tolerance * Math.Max(1, Math.Abs(a.GetDouble()));
            case JsonValueKind.Array:
                return a.GetArrayLength() == b.GetArrayLength()
                    && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second));
            case JsonValueKind.Object:
                var properties = a.EnumerateObject().ToList();
                return properties.Count == b.EnumerateObject().Count()
                    && properties.TrueForAll(p => b.TryGetProperty(p.Name, out var value) && AreEqual(p.Value, value));
            default:
                return a.GetRawText() == b.GetRawText();
        }
    }
}
